import { posix } from "node:path";
import type { Event } from "./journal.ts";

/** The moments at which a promise depends on more than the newest segment's bytes, and a loss would show. */
export const AFTER_A_ROLL = "a message is acknowledged as synced in a segment that no mark names yet";

type Is = (event: Event, path: string) => boolean;

/** What is worth a power cut: the steps on which something newer begins to count, or something older ends. */
const MOMENTS: readonly [name: string, is: Is][] = [
  ["a segment is made", ({ kind }, path) => kind === "opened" && path.endsWith(".seg")],
  ["a block is appended", ({ kind }, path) => kind === "written" && path.endsWith(".seg")],
  ["a segment is synced", ({ kind }, path) => kind === "sync ended" && path.endsWith(".seg")],
  ["a segment is unlinked", ({ kind }, path) => kind === "unlinked" && path.endsWith(".seg")],
  ["a log's directory is synced", ({ kind }, path) => kind === "sync ended" && path.endsWith("-messages")],
  ["a table is made", ({ kind }, path) => kind === "opened" && path.endsWith(".sst")],
  ["a table is synced", ({ kind }, path) => kind === "sync ended" && path.endsWith(".sst")],
  ["MANIFEST is written", ({ kind }, path) => kind === "written" && path.includes("MANIFEST-")],
  ["MANIFEST is synced", ({ kind }, path) => kind === "sync ended" && path.includes("MANIFEST-")],
  ["CURRENT is replaced", ({ kind }, path) => kind === "renamed" && path.endsWith("CURRENT")],
  ["a mark is written", ({ kind }, path) => kind === "written" && path.endsWith(".mark.tmp")],
  ["a mark is replaced", ({ kind }, path) => kind === "renamed" && path.endsWith(".mark")],
  ["the spool's directory is synced", ({ kind }, path) => kind === "sync ended" && path === "spool"],
  ["the spool is made", ({ kind }, path) => kind === "renamed" && path.endsWith("rockspool.json")],
  ["a message is acknowledged as synced", isAcknowledged],
  [AFTER_A_ROLL, afterARoll()],
];

export interface Moment {
  readonly name: string;
  /** So many events have happened. */
  readonly at: number;
}

/** `count` moments of each kind, and as many of none, where there are so many; in their order. */
export function chooseMoments(
  events: readonly Event[],
  count: number,
  random: () => number,
  only: string | null = null,
): Moment[] {
  const kinds = momentsOf(events);
  const chosen: Moment[] = [];
  for (const [name, places] of kinds) {
    if (only !== null && name !== only) continue;
    if (places.length === 0) throw new Error(`it never happened that ${name}`);
    for (let i = 0; i < count && places.length > 0; i++) {
      const [at] = places.splice(Math.floor(random() * places.length), 1) as [number];
      chosen.push({ name, at });
    }
  }
  for (let i = 0; i < count && only === null; i++) {
    chosen.push({ name: "any moment", at: Math.floor(random() * (events.length + 1)) });
  }
  return chosen.sort((a, b) => a.at - b.at);
}

function momentsOf(events: readonly Event[]): Map<string, number[]> {
  const kinds = new Map<string, number[]>(MOMENTS.map(([name]) => [name, []]));
  const paths = new Map<bigint, string>();
  for (const [index, event] of events.entries()) {
    if (event.kind === "opened" && (event.created || !paths.has(event.inode))) paths.set(event.inode, event.path);
    if (event.kind === "directory made") paths.set(event.inode, event.path);
    // A file that was opened and was there is not made.
    if (event.kind === "opened" && !event.created) continue;
    const path = pathOf(event, paths);
    for (const [name, is] of MOMENTS) if (is(event, path)) kinds.get(name)?.push(index + 1);
  }
  return kinds;
}

function pathOf(event: Event, paths: ReadonlyMap<bigint, string>): string {
  if (event.kind === "renamed") return event.to;
  if ("path" in event) return event.path;
  return paths.get(event.inode) ?? "";
}

function isAcknowledged(event: Event, path: string): boolean {
  return event.kind === "written" && path === "notes" && /^done .*\ds/.test(event.bytes.toString("latin1"));
}

function afterARoll(): Is {
  const unnamed = new Set<string>();
  return (event, path) => {
    const shard = posix.basename(posix.dirname(path)).replace("-messages", "");
    if (event.kind === "opened" && path.endsWith(".seg")) unnamed.add(shard);
    if (event.kind === "renamed" && path.endsWith(".mark")) unnamed.delete(posix.basename(path, ".mark"));
    return unnamed.size > 0 && isAcknowledged(event, path);
  };
}
