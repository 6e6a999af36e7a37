import { copyFileSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import type { RawDamage, RawEntry } from "../src/raw/raw-entry.ts";
import { readRawEntries } from "../src/raw/read-raw-entries.ts";
import { openEngine } from "../src/rocksdb/rocksdb-engine.ts";
import { filesOf } from "./damage.ts";
import { engineOptions } from "./engine-options.ts";
import { seededRandom } from "./seeded-random.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** The entries that RocksDB reads: key in hex, value in base64. */
export type Contents = Map<string, string>;

export interface WrittenShard {
  /** A closed shard: tables, and a log with the batches after them. */
  readonly path: string;
  /** A directory with every log that the shard ever had. */
  readonly logs: string;
  readonly contents: Contents;
}

const KEYS = 400;
const MIB = 2 ** 20;
/** Longer values repeat their first bytes. */
const DISTINCT_BYTES = 10_007;
/** From empty values over many to a block up to values that cross many blocks of a log. */
const SIZES = [0, 1, 20, 100, 300, 1000, 5000, 9000, 40_000];

/** A shard written by RocksDB: random stores, overwrites and removes in several tables and logs. */
export async function writtenShard(seed: number, { compact = false, large = false } = {}): Promise<WrittenShard> {
  const directory = temporaryDirectory();
  const path = join(directory, "shard");
  const logs = join(directory, "logs");
  mkdirSync(logs);
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const engine = await openEngine(path, engineOptions("create"));
  const write = async (operations: number): Promise<void> =>
    engine.write((batch) => {
      for (let count = 0; count < operations; count++) {
        const key = Buffer.alloc(16, `key ${below(KEYS)} `);
        if (random() < 0.2) batch.remove(key);
        else batch.put(key, bytes(random, SIZES[below(SIZES.length)] as number));
      }
      if (large) batch.put(Buffer.alloc(16, `large ${below(3)} `), bytes(random, MIB + below(3 * MIB)));
    });
  for (let table = 0; table < 3; table++) {
    for (let batches = 0; batches < 6; batches++) await write(1 + below(60));
    for (const log of filesOf(path, ".log")) copyFileSync(log, join(logs, basename(log)));
    await engine.flush();
  }
  if (compact) await engine.compact();
  for (let batches = 0; batches < 6; batches++) await write(1 + below(60));
  for (const log of filesOf(path, ".log")) copyFileSync(log, join(logs, basename(log)));
  const found = await engine.page(null, 10 * KEYS);
  await engine.close();
  return { path, logs, contents: new Map(found.map(({ key, value }) => [text(key), base64(value)])) };
}

function bytes(random: () => number, length: number): Buffer {
  const value = Buffer.alloc(length);
  // Half of the values are mostly zeros: a block begins with zeros too.
  const share = random() < 0.5 ? 1 : 0.1;
  const distinct = Math.min(length, DISTINCT_BYTES);
  for (let at = 0; at < distinct; at++) value[at] = random() < share ? random() * 256 : 0;
  for (let at = distinct; at < length; at += distinct) value.copyWithin(at, 0, distinct);
  return value;
}

export interface Reading {
  readonly entries: RawEntry[];
  readonly damages: RawDamage[];
}

export async function reading(directory: string): Promise<Reading> {
  const entries: RawEntry[] = [];
  const damages: RawDamage[] = [];
  for await (const entry of readRawEntries(directory, (damage) => damages.push(damage))) entries.push(entry);
  return { entries, damages };
}

/** The contents that the entries add up to: the newest version of each key counts. */
export function newest(entries: readonly RawEntry[]): Contents {
  const versions = new Map<string, RawEntry>();
  for (const entry of entries) {
    const other = versions.get(text(entry.key));
    if (other === undefined || other.sequence <= entry.sequence) versions.set(text(entry.key), entry);
  }
  const contents: Contents = new Map();
  for (const [key, { value }] of [...versions].sort(([a], [b]) => (a < b ? -1 : 1)))
    if (value !== null) contents.set(key, base64(value));
  return contents;
}

/** An entry as text, without the file that it is from. */
export function shown({ key, value, sequence }: RawEntry): string {
  return `${text(key)} ${sequence} ${value === null ? "removed" : base64(value)}`;
}

function text(key: Uint8Array): string {
  return Buffer.from(key).toString("hex");
}

function base64(value: Uint8Array): string {
  return Buffer.from(value).toString("base64");
}
