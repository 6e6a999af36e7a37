import { readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { recordEnds } from "../support/rocksdb-log.ts";
import { manifestFile, markPath, shardFiles, shardPath } from "../support/shard-files.ts";

/** The shard that is damaged; the other one must not notice. */
export const DAMAGED = 0;

export interface SilentLoss {
  readonly name: string;
  /** Where the newer half of the messages is when the process dies: in the log, or flushed to a table of its own. */
  readonly newer: "log" | "flush";
  damage(spool: string): Promise<void>;
  /** What RocksDB alone makes of it: the loss must be one that it does not report, or the test shows nothing. */
  readonly rocksdbAlone: "opens" | "refuses";
  /** The messages that are left to load, out of the older and the newer half. */
  readonly left: { readonly older: "all" | "none"; readonly newer: "all" | "some" | "none" };
  /** Whether the batch numbers show what is missing. */
  readonly countable: boolean;
}

/** The design's list. */
export const silentLosses: readonly SilentLoss[] = [
  {
    name: "a MANIFEST cut at a record's end",
    newer: "flush",
    damage: cutManifest,
    rocksdbAlone: "opens",
    left: { older: "all", newer: "none" },
    countable: true,
  },
  {
    name: "a MANIFEST cut at a record's end, with newer batches in a sound WAL",
    newer: "log",
    damage: cutManifest,
    rocksdbAlone: "opens",
    left: { older: "none", newer: "all" },
    // The newest batch is there: what is missing lies before it.
    countable: false,
  },
  {
    name: "a missing WAL",
    newer: "log",
    damage: async (spool) => {
      for (const file of await shardFiles(spool, DAMAGED, ".log")) await rm(file);
    },
    rocksdbAlone: "opens",
    left: { older: "all", newer: "none" },
    countable: true,
  },
  {
    name: "a WAL cut at a record's end",
    newer: "log",
    damage: async (spool) => {
      const file = (await shardFiles(spool, DAMAGED, ".log")).at(-1) as string;
      const ends = recordEnds(await readFile(file));
      await truncate(file, ends[Math.floor(ends.length / 2)] as number);
    },
    rocksdbAlone: "opens",
    left: { older: "all", newer: "some" },
    countable: true,
  },
  {
    name: "a WAL cut within the record of its last message",
    newer: "log",
    damage: async (spool) => {
      const file = (await shardFiles(spool, DAMAGED, ".log")).at(-1) as string;
      await truncate(file, (await endOfMessages(file)) - 10);
    },
    rocksdbAlone: "opens",
    left: { older: "all", newer: "some" },
    countable: true,
  },
  {
    name: "an empty WAL",
    newer: "log",
    damage: async (spool) => {
      for (const file of await shardFiles(spool, DAMAGED, ".log")) await truncate(file, 0);
    },
    rocksdbAlone: "opens",
    left: { older: "all", newer: "none" },
    countable: true,
  },
  {
    name: "a missing CURRENT",
    newer: "log",
    damage: (spool) => rm(join(shardPath(spool, DAMAGED), "CURRENT")),
    rocksdbAlone: "refuses",
    left: { older: "none", newer: "none" },
    countable: false,
  },
  {
    name: "a missing directory",
    newer: "log",
    damage: (spool) => rm(shardPath(spool, DAMAGED), { recursive: true }),
    rocksdbAlone: "refuses",
    left: { older: "none", newer: "none" },
    countable: false,
  },
  {
    name: "a missing mark",
    newer: "log",
    damage: (spool) => rm(markPath(spool, DAMAGED)),
    rocksdbAlone: "opens",
    left: { older: "all", newer: "all" },
    countable: false,
  },
  {
    name: "a mark with one digit changed",
    newer: "log",
    damage: async (spool) => {
      const text = await readFile(markPath(spool, DAMAGED), "utf8");
      const changed = text.replace(
        /("batch": ?)(\d)/,
        (_all, key: string, digit: string) => `${key}${digit === "1" ? 2 : 1}`,
      );
      if (changed === text) throw new Error(`there is no batch number in ${text}`);
      await writeFile(markPath(spool, DAMAGED), changed);
    },
    rocksdbAlone: "opens",
    left: { older: "all", newer: "all" },
    countable: false,
  },
];

/** The last flush ends in two records: the new table, and which logs it made superfluous. */
const RECORDS_OF_A_FLUSH = 2;

/** Where the record of the last message ends: behind it there is one more, of a batch's number alone. */
export async function endOfMessages(log: string): Promise<number> {
  return recordEnds(await readFile(log)).at(-2) as number;
}

async function cutManifest(spool: string): Promise<void> {
  const file = await manifestFile(spool, DAMAGED);
  const ends = recordEnds(await readFile(file));
  await truncate(file, ends[ends.length - 1 - RECORDS_OF_A_FLUSH] as number);
}
