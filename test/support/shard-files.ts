import { createHash } from "node:crypto";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { SpoolId } from "rockspool";
import { readSegment, segmentFile, segmentNumbers } from "./message-log.ts";

/** Where a shard's things lie: as `docs/on-disk-format.md` says. */
export function shardName(index: number): string {
  return `shard-${String(index).padStart(3, "0")}`;
}

/** The directory of the shard's first index, which names the shard in errors and in `health()`. */
export function shardPath(spool: string, index: number): string {
  return join(spool, shardName(index));
}

/** The directory of the shard's message log. */
export function logPath(spool: string, index: number): string {
  return join(spool, `${shardName(index)}-messages`);
}

export function markPath(spool: string, index: number): string {
  return join(spool, `${shardName(index)}.mark`);
}

export function shardOf(id: SpoolId | string | Uint8Array, shards: number): number {
  return crc32(id instanceof Uint8Array ? id : SpoolId.from(id).toBytes()) % shards;
}

/** An id that lands on the shard, whatever `newId()` thinks of it. */
export function idOnShard(index: number, shards: number): SpoolId {
  for (;;) {
    const id = SpoolId.generate();
    if (shardOf(id, shards) === index) return id;
  }
}

/** The mark of a shard: `docs/on-disk-format.md`. */
export interface ShardMark {
  readonly spool: string;
  readonly shard: number;
  readonly boot: string | null;
  readonly place: string;
  readonly clean: boolean;
  readonly epoch: number;
  readonly segments: readonly (readonly [segment: number, end: number])[];
  readonly synced: number;
  readonly holes: readonly (readonly [segment: number, from: number, to: number])[];
  readonly index: string;
  readonly applied: { readonly segment: number; readonly offset: number; readonly block: number };
  readonly failed: boolean;
}

/** Rejects where there is none. Does not look at its checksum. */
export async function readMark(spool: string, index: number): Promise<ShardMark> {
  const [line = ""] = (await readFile(markPath(spool, index), "utf8")).split("\n");
  return JSON.parse(line) as ShardMark;
}

/** Changes the mark, with a checksum that is right. */
export async function changeMark(spool: string, index: number, change: Partial<ShardMark>): Promise<void> {
  const line = JSON.stringify({ ...(await readMark(spool, index)), ...change });
  // The fields that `ShardMark` does not name stay, the version among them.
  await writeFile(markPath(spool, index), `${line}\n${crc32(line).toString(16).padStart(8, "0")}\n`);
}

/** The newest block that the mark says is on the disk; null where there is no mark. */
export async function markedBlock(spool: string, index: number): Promise<number | null> {
  const mark = await readMark(spool, index).catch(() => null);
  return mark?.synced ?? null;
}

/** Whether the mark knows all that was written: the newest block of the log is the one that it says is synced. */
export async function isMarked(spool: string, index: number): Promise<boolean> {
  const mark = await readMark(spool, index).catch(() => null);
  return mark !== null && (await newestBlock(spool, index).catch(() => null)) === mark.synced;
}

/** The number of the newest block of the log, synced or not; 0 for a log without blocks. */
export async function newestBlock(spool: string, index: number): Promise<number> {
  const mark = await readMark(spool, index);
  const directory = logPath(spool, index);
  for (const segment of (await segmentNumbers(directory)).reverse()) {
    const last = (await readSegment(directory, segment, mark)).blocks.at(-1);
    if (last !== undefined) return last.block;
  }
  return 0;
}

/** RocksDB's own diary, which every open writes; it holds no message. */
const DIARY = /^LOG(\.old\..*)?$/;

/** Each file below `path` with its size and hash, in order: two equal listings are two equal directories. */
export async function listing(path: string): Promise<string[]> {
  const names = await readdir(path, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (names === null) return ["missing"];
  const lines: string[] = [];
  for (const name of names.sort()) {
    if (DIARY.test(name)) continue;
    const file = join(path, name);
    if ((await stat(file)).isDirectory()) {
      lines.push(`${name}/`);
      continue;
    }
    const content = await readFile(file);
    lines.push(`${name} ${content.byteLength} ${createHash("sha256").update(content).digest("hex")}`);
  }
  return lines;
}

/** The segments of the shard's message log, oldest first. */
export async function segmentFiles(spool: string, index: number): Promise<string[]> {
  const directory = logPath(spool, index);
  return (await segmentNumbers(directory)).map((segment) => segmentFile(directory, segment));
}

/** The directory of the index: the mark names it. */
export async function indexPath(spool: string, index: number): Promise<string> {
  return join(spool, (await readMark(spool, index)).index);
}

/** The index's files whose name ends so, in the order of their numbers. */
export async function shardFiles(spool: string, index: number, ending: ".sst" | ".log"): Promise<string[]> {
  const directory = await indexPath(spool, index);
  const names = await readdir(directory);
  return names
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(directory, name));
}

/** The MANIFEST that CURRENT names. */
export async function manifestFile(spool: string, index: number): Promise<string> {
  const directory = await indexPath(spool, index);
  return join(directory, (await readFile(join(directory, "CURRENT"), "utf8")).trim());
}
