import { mkdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { flipByte } from "../chaos/support/damage.ts";
import { readSegment, type SegmentContent } from "../support/message-log.ts";
import {
  changeMark,
  indexPath,
  logPath,
  manifestFile,
  markPath,
  readMark,
  segmentFiles,
  shardFiles,
  shardPath,
} from "../support/shard-files.ts";

/** The shard that is damaged; the other one must not notice. */
export const DAMAGED = 0;

const OLDER_SEGMENT = 1;
const NEWER_SEGMENT = 2;
const SEGMENT_HEADER_BYTES = 64;
const BLOCK_HEADER_BYTES = 64;

export interface SilentLoss {
  readonly name: string;
  damage(spool: string): Promise<void>;
  /** The messages that are left to load, out of the older segment and the newer one. */
  readonly left: { readonly older: "all" | "some" | "none"; readonly newer: "all" | "some" | "none" };
  /** Whether the numbers of the blocks show what is missing. */
  readonly missing: "to the newest" | "up to the newer segment" | "not told";
}

/**
 * What takes messages with it: of the log and of its mark, each in every way in which a file can be missing or damaged.
 */
export const silentLosses: readonly SilentLoss[] = [
  {
    name: "the newest segment is missing",
    damage: async (spool) => rm((await segmentFiles(spool, DAMAGED)).at(-1) as string),
    left: { older: "all", newer: "none" },
    missing: "to the newest",
  },
  {
    name: "the oldest segment is missing",
    damage: async (spool) => rm((await segmentFiles(spool, DAMAGED))[0] as string),
    left: { older: "none", newer: "all" },
    missing: "up to the newer segment",
  },
  {
    name: "the newest segment is cut at a block's end",
    damage: async (spool) => {
      const { blocks } = await newestSegment(spool);
      await cut(spool, NEWER_SEGMENT, blocks[Math.floor(blocks.length / 2)]?.offset as number);
    },
    left: { older: "all", newer: "some" },
    missing: "to the newest",
  },
  {
    name: "the newest segment is cut within its last block",
    damage: async (spool) => cut(spool, NEWER_SEGMENT, (await newestSegment(spool)).end - 10),
    left: { older: "all", newer: "some" },
    missing: "to the newest",
  },
  {
    name: "the newest segment is empty",
    damage: (spool) => cut(spool, NEWER_SEGMENT, 0),
    left: { older: "all", newer: "none" },
    missing: "to the newest",
  },
  {
    name: "the oldest segment is cut to its header",
    damage: (spool) => cut(spool, OLDER_SEGMENT, SEGMENT_HEADER_BYTES),
    left: { older: "none", newer: "all" },
    missing: "up to the newer segment",
  },
  {
    name: "a block's header is damaged in the middle of the log",
    damage: (spool) => flip(spool, ({ offset }) => offset + 30),
    left: { older: "some", newer: "all" },
    missing: "not told",
  },
  {
    name: "a block's table is damaged in the middle of the log",
    damage: (spool) => flip(spool, ({ offset }) => offset + BLOCK_HEADER_BYTES + 20),
    left: { older: "some", newer: "all" },
    missing: "not told",
  },
  {
    name: "the oldest segment holds zeros",
    damage: async (spool) => {
      const [file = ""] = await segmentFiles(spool, DAMAGED);
      await writeFile(file, Buffer.alloc((await readFile(file)).byteLength));
    },
    left: { older: "none", newer: "all" },
    missing: "not told",
  },
  {
    name: "the oldest segment is the newest one's copy",
    damage: async (spool) => {
      const [oldest = "", newest = ""] = await segmentFiles(spool, DAMAGED);
      await writeFile(oldest, await readFile(newest));
    },
    left: { older: "none", newer: "all" },
    missing: "not told",
  },
  {
    name: "all segments are missing",
    damage: async (spool) => {
      for (const file of await segmentFiles(spool, DAMAGED)) await rm(file);
    },
    left: { older: "none", newer: "none" },
    missing: "to the newest",
  },
  {
    name: "the directory of the message log is missing",
    damage: (spool) => rm(logPath(spool, DAMAGED), { recursive: true }),
    left: { older: "none", newer: "none" },
    missing: "to the newest",
  },
  {
    name: "the mark is missing",
    damage: (spool) => rm(markPath(spool, DAMAGED)),
    left: { older: "all", newer: "all" },
    missing: "not told",
  },
  {
    name: "one digit of the mark is changed",
    damage: async (spool) => {
      const text = await readFile(markPath(spool, DAMAGED), "utf8");
      const changed = text.replace(
        /("synced": ?)(\d)/,
        (_all, key: string, digit: string) => `${key}${digit === "1" ? 2 : 1}`,
      );
      if (changed === text) throw new Error(`there is no block number in ${text}`);
      await writeFile(markPath(spool, DAMAGED), changed);
    },
    left: { older: "all", newer: "all" },
    missing: "not told",
  },
  {
    name: "the mark belongs to another shard",
    damage: (spool) => changeMark(spool, DAMAGED, { shard: 1 }),
    left: { older: "all", newer: "all" },
    missing: "not told",
  },
];

export interface HarmlessDamage {
  readonly name: string;
  damage(spool: string): Promise<void>;
}

/** What loses no message: the index is made anew from the log. */
export const indexDamages: readonly HarmlessDamage[] = [
  {
    name: "a table is missing",
    damage: async (spool) => removeAll((await shardFiles(spool, DAMAGED, ".sst")).slice(0, 1)),
  },
  { name: "all tables are missing", damage: async (spool) => removeAll(await shardFiles(spool, DAMAGED, ".sst")) },
  {
    name: "RocksDB's own log is missing",
    damage: async (spool) => removeAll(await shardFiles(spool, DAMAGED, ".log")),
  },
  {
    name: "RocksDB's own log is empty",
    damage: async (spool) => {
      for (const file of await shardFiles(spool, DAMAGED, ".log")) await truncate(file, 0);
    },
  },
  { name: "MANIFEST is missing", damage: async (spool) => rm(await manifestFile(spool, DAMAGED)) },
  { name: "MANIFEST is garbage", damage: async (spool) => writeFile(await manifestFile(spool, DAMAGED), "garbage") },
  {
    name: "MANIFEST is cut",
    damage: async (spool) => {
      const file = await manifestFile(spool, DAMAGED);
      await truncate(file, Math.floor((await readFile(file)).byteLength / 2));
    },
  },
  { name: "CURRENT is missing", damage: async (spool) => rm(join(await indexPath(spool, DAMAGED), "CURRENT")) },
  {
    name: "the index's directory is missing",
    damage: async (spool) => rm(await indexPath(spool, DAMAGED), { recursive: true }),
  },
  {
    name: "the index's directory is empty",
    damage: async (spool) => {
      const directory = await indexPath(spool, DAMAGED);
      await rm(directory, { recursive: true });
      await mkdir(directory);
    },
  },
  {
    name: "the mark names an index that is not there",
    damage: (spool) => changeMark(spool, DAMAGED, { index: "shard-000-index-9" }),
  },
  {
    name: "a file is in the place of the index's directory",
    damage: async (spool) => {
      await rm(await indexPath(spool, DAMAGED), { recursive: true });
      await writeFile(shardPath(spool, DAMAGED), "garbage");
    },
  },
];

async function removeAll(files: readonly string[]): Promise<void> {
  for (const file of files) await rm(file);
}

async function newestSegment(spool: string): Promise<SegmentContent> {
  return readSegment(logPath(spool, DAMAGED), NEWER_SEGMENT, await readMark(spool, DAMAGED));
}

async function cut(spool: string, segment: number, at: number): Promise<void> {
  await truncate((await segmentFiles(spool, DAMAGED))[segment - 1] as string, at);
}

/** Changes a byte of the block in the middle of the older segment. */
async function flip(spool: string, at: (block: SegmentContent["blocks"][number]) => number): Promise<void> {
  const { blocks } = await readSegment(logPath(spool, DAMAGED), OLDER_SEGMENT, await readMark(spool, DAMAGED));
  const [file = ""] = await segmentFiles(spool, DAMAGED);
  flipByte(file, at(blocks[Math.floor(blocks.length / 2)] as SegmentContent["blocks"][number]));
}
