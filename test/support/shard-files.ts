import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { SpoolId } from "rockspool";

/** Where a shard's things lie: as `docs/on-disk-format.md` says. */
export function shardName(index: number): string {
  return `shard-${String(index).padStart(3, "0")}`;
}

export function shardPath(spool: string, index: number): string {
  return join(spool, shardName(index));
}

export function markPath(spool: string, index: number): string {
  return join(spool, `${shardName(index)}.mark`);
}

export function shardOf(id: SpoolId | string, shards: number): number {
  return crc32(SpoolId.from(id).toBytes()) % shards;
}

/** An id that lands on the shard, whatever `newId()` thinks of it. */
export function idOnShard(index: number, shards: number): SpoolId {
  for (;;) {
    const id = SpoolId.generate();
    if (shardOf(id, shards) === index) return id;
  }
}

/** The newest batch number that the mark says is on the disk; null where there is no mark. */
export async function markedBatch(spool: string, index: number): Promise<number | null> {
  const text = await readFile(markPath(spool, index), "utf8").catch(() => null);
  if (text === null) return null;
  const line = text.split("\n")[0] ?? "";
  return (JSON.parse(line) as { batch: number }).batch;
}

/** A batch of a number alone ends so in a log: a put, of a key of one byte that is 0, with a value of 8 bytes. */
const PUT_OF_NUMBER = [1, 1, 0, 8];

/** Whether the mark knows all that was written: the log ends with the number that the mark says. */
export async function isMarked(spool: string, index: number): Promise<boolean> {
  const batch = await markedBatch(spool, index).catch(() => null);
  const log = (await shardFiles(spool, index, ".log").catch(() => [])).at(-1);
  if (batch === null || log === undefined) return false;
  const end = Buffer.alloc(12);
  end.set(PUT_OF_NUMBER);
  end.writeBigUInt64BE(BigInt(batch), PUT_OF_NUMBER.length);
  return (await readFile(log)).subarray(-end.byteLength).equals(end);
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

/** The shard's files whose name ends so, in the order of their numbers. */
export async function shardFiles(spool: string, index: number, ending: ".sst" | ".log"): Promise<string[]> {
  const directory = shardPath(spool, index);
  const names = await readdir(directory);
  return names
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(directory, name));
}

/** The MANIFEST that CURRENT names. */
export async function manifestFile(spool: string, index: number): Promise<string> {
  const directory = shardPath(spool, index);
  return join(directory, (await readFile(join(directory, "CURRENT"), "utf8")).trim());
}
