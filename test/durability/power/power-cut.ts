import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { openSpool, SpoolId } from "rockspool";
import { expect } from "vitest";
import { startChild } from "../../support/child.ts";
import { payload } from "../../support/payload.mjs";
import { seededRandom } from "../../support/random.mjs";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { SMALL } from "../children/plan.mjs";
import { OperationHistory } from "../operation-history.ts";
import { type Leaving, RecordedDisk } from "./disk.ts";
import { type Event, readJournal } from "./journal.ts";
import { AFTER_A_ROLL, chooseMoments, type Moment } from "./moments.ts";
import { recorded } from "./recorder.ts";

const CHILD = new URL("./children/recorded.mjs", import.meta.url);

const BYTES = ["none", "torn", "all", "zeros", "some pages"] as const;
const NAMES = ["none", "some of each directory", "all", "oldest"] as const;

interface Recording {
  readonly seed: number;
  readonly events: readonly Event[];
}

/**
 * Records the life of a spool, with `count` operations between each two of its events (flush, compaction, restart …).
 * `module`: loaded first in each thread.
 */
export async function recordLife(library: string, seed: number, count: number, module?: URL): Promise<Recording> {
  const temporary = await temporaryDirectory();
  const root = join(temporary, "root");
  await mkdir(root);
  const journal = join(temporary, "journal");
  const imports = module === undefined ? [] : ["--import", module.href];
  // The monitor syncs too, and would hide what a mutant leaves out.
  const monitorInterval = module === undefined ? "20ms" : "1 hour";
  const child = startChild(
    CHILD,
    [root, String(seed), String(count), monitorInterval],
    imports,
    recorded(library, root, journal),
  );
  const refused = JSON.parse((await child.line("refused ", 300_000)).slice("refused ".length)) as string[];
  expect(await child.exit, child.stderr).toEqual({ code: 0, signal: null });
  expect(refused.filter((code) => code !== "SPOOL_SHARD_LOST" && code !== "SPOOL_UNHEALTHY")).toEqual([]);
  const events = readJournal(await readFile(journal), root);
  await expectComplete(events, root);
  return { seed, events };
}

/** A replay of the whole recording must equal the directory: a call that was not recorded shows as a difference. */
async function expectComplete(events: readonly Event[], root: string): Promise<void> {
  const replayed = join(await temporaryDirectory(), "replayed");
  await mkdir(replayed);
  const disk = new RecordedDisk();
  for (const event of events) disk.apply(event);
  disk.leave(replayed, { bytes: "all", names: "all" }, Math.random);
  const files = async (directory: string): Promise<string[]> =>
    (await readdir(directory, { recursive: true })).filter((name) => !/LOG(\.old\..*)?$/.test(name)).sort();
  expect(await files(replayed)).toEqual(await files(root));
  for (const { name, parentPath } of await readdir(replayed, { recursive: true, withFileTypes: true })) {
    const path = join(parentPath, name).slice(replayed.length);
    const [noted, there] = await Promise.all([read(join(replayed, path)), read(join(root, path))]);
    expect(Buffer.compare(noted, there), `${path} is as it was recorded`).toBe(0);
  }
}

function read(path: string): Promise<Buffer> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "EISDIR") return Buffer.alloc(0);
    throw error;
  });
}

/** Cuts that find a loss where there is one: right after the promise, and everything is lost that was not synced. */
export const HARSH: Cuts = { leaving: { bytes: "none", names: "none" }, only: AFTER_A_ROLL, untilLoss: true };

interface Cuts {
  readonly leaving?: Leaving;
  /** Only at moments of this kind. */
  readonly only?: string;
  /** No more cuts after one that loses something. */
  readonly untilLoss?: boolean;
}

interface Found {
  readonly cuts: number;
  /** What went wrong, a line a cut. */
  readonly wrong: string[];
}

/** Cuts the power at `count` moments of each kind in a recorded life. */
export async function cutPower({ seed, events }: Recording, count: number, cuts: Cuts = {}): Promise<Found> {
  const random = seededRandom(seed);
  const temporary = await temporaryDirectory();
  const disk = new RecordedDisk();
  const wrong: string[] = [];
  let applied = 0;
  let tried = 0;
  for (const moment of chooseMoments(events, count, random, cuts.only)) {
    while (applied < moment.at) disk.apply(events[applied++] as Event);
    const leaving = cuts.leaving ?? { bytes: one(BYTES, random), names: one(NAMES, random) };
    const directory = await mkdtemp(join(temporary, "cut-"));
    disk.leave(directory, leaving, random);
    const lines = disk.read("notes").toString().split("\n");
    try {
      await checkWhatIsLeft(join(directory, "spool"), seed, lines, tried % 4 === 0);
    } catch (error) {
      wrong.push(`${describe(moment, leaving)}: ${(error as Error).message}`);
    }
    await rm(directory, { recursive: true });
    tried++;
    if (cuts.untilLoss && wrong.length > 0) break;
  }
  return { cuts: tried, wrong };
}

function one<T>(of: readonly T[], random: () => number): T {
  return of[Math.floor(random() * of.length)] as T;
}

function describe({ name, at }: Moment, { bytes, names }: Leaving): string {
  return `after event ${at} (${name}), of what was not synced ${bytes} of the bytes and ${names} of the names`;
}

/** The spool opens, holds what it may, and, if it is asked, serves and holds the same at the next open. */
async function checkWhatIsLeft(path: string, seed: number, lines: readonly string[], again: boolean): Promise<void> {
  const history = new OperationHistory(seed, SMALL);
  history.ended(lines, "the disk");
  {
    await using spool = await openSpool({ path });
    await history.checkSpool(spool);
    if (!again) return;
    const id = SpoolId.generate();
    expect(await spool.store(id, payload(1, 100), { forceSync: true })).toBe("synced");
    await spool.remove(id);
  }
  await using second = await openSpool({ path });
  await history.checkSpool(second);
}
