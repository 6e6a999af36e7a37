import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { type RocksSpool, SpoolEngineError, SpoolId } from "rockspool";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { entriesOf, nextMillisecond } from "../support/entries.ts";
import { payload } from "../support/payload.mjs";
import { rejection } from "../support/rejection.ts";
import { type RocksDB, withRocksDB } from "../support/rocksdb.ts";
import { shardPath } from "../support/shard-files.ts";
import { onRocksDB, openUnchecked } from "../support/spool-kinds.ts";
import { makeTemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";

const SOUND_MESSAGES = 20;
const RAW_HEADER = 0;
const BATCH_NUMBER_KEY = Buffer.of(0);

/** A closed spool of one shard with sound messages, which the tests copy. */
let closed: string;
let sound: readonly SpoolId[];

beforeAll(async () => {
  closed = await makeTemporaryDirectory();
  const spool = await onRocksDB.open({ path: closed, shards: 1 });
  sound = Array.from({ length: SOUND_MESSAGES }, () => spool.newId());
  await Promise.all(sound.map((id, i) => spool.store(id, payload(i, 6000))));
  await spool.shutdown();
});

afterAll(() => rm(closed, { recursive: true, force: true }));

/** A copy of it, into which `write` put something before it was opened. */
async function spoolWith(write: (db: RocksDB) => Promise<void>): Promise<RocksSpool> {
  const path = join(await temporaryDirectory(), "spool");
  await cp(closed, path, { recursive: true });
  await withRocksDB(shardPath(path, 0), { readOnly: false }, write);
  await nextMillisecond();
  return openUnchecked(onRocksDB, { path });
}

const wrongValues: readonly { what: string; value: Uint8Array }[] = [
  { what: "a header byte that means nothing", value: Buffer.concat([Buffer.of(0xee), payload(1, 100)]) },
  { what: "no byte at all, not even a header", value: new Uint8Array(0) },
  { what: "snappy that does not decompress", value: Buffer.concat([Buffer.of(1), payload(2, 500)]) },
  { what: "LZ4 that does not decompress", value: Buffer.concat([Buffer.of(2), payload(4, 500)]) },
  { what: "zlib that does not decompress", value: Buffer.concat([Buffer.of(3), payload(6, 500)]) },
  { what: "zstd that does not decompress", value: Buffer.concat([Buffer.of(4), payload(8, 500)]) },
];

describe.each(wrongValues)("a value that is $what", ({ value }) => {
  it("is corruption to the load that meets it, a corrupt entry to an enumeration, and harms nothing else", async () => {
    const id = SpoolId.generate();
    const spool = await spoolWith((db) => db.put(id.toBytes(), value));

    const entries = await entriesOf(spool);
    expect(entries).toHaveLength(SOUND_MESSAGES + 1);
    const corrupt = entries.filter((entry) => entry.kind === "corrupt");
    expect(corrupt).toHaveLength(1);
    expect(corrupt[0]).toMatchObject({
      kind: "corrupt",
      key: String(id),
      error: { code: "SPOOL_ENGINE", kind: "corruption" },
    });
    expect(corrupt[0]?.id?.equals(id)).toBe(true);
    expect(corrupt[0]?.error).toBeInstanceOf(SpoolEngineError);

    const error = await rejection<SpoolEngineError>(spool.load(id));
    expect(error).toBeInstanceOf(SpoolEngineError);
    expect(error).toMatchObject({
      code: "SPOOL_ENGINE",
      kind: "corruption",
      path: expect.stringContaining("shard-000"),
    });

    // RocksDB's checksum of the value is right: its tables are sound, so writes are not refused.
    expect(spool.health()[0]).toMatchObject({ latched: false });
    await spool.store(id, payload(1, 10));
    expect((await spool.load(id)).byteLength).toBe(10);
    for (const [i, one] of sound.entries()) expect(Buffer.compare(await spool.load(one), payload(i, 6000))).toBe(0);
  });

  it("does not take its neighbours in the same turn with it", async () => {
    const id = SpoolId.generate();
    const spool = await spoolWith((db) => db.put(id.toBytes(), value));
    const results = await Promise.allSettled([id, ...sound, id].map((one) => spool.load(one)));
    expect(results.map(({ status }) => status)).toEqual(["rejected", ...sound.map(() => "fulfilled"), "rejected"]);
  });
});

describe("a key that is not an id", () => {
  const version4 = Buffer.from("0123456789ab4def8123456789abcdef", "hex");
  it.each([
    { what: "too short", key: Buffer.from("short") },
    { what: "too long", key: Buffer.alloc(40, 0xab) },
    { what: "a UUID of another version", key: version4 },
  ])("is a corrupt entry with its hex and no id: $what", async ({ key }) => {
    const spool = await spoolWith((db) => db.put(key, Buffer.concat([Buffer.of(RAW_HEADER), payload(1, 10)])));
    const entries = await entriesOf(spool);
    expect(entries).toHaveLength(SOUND_MESSAGES + 1);
    const corrupt = entries.filter((entry) => entry.kind === "corrupt");
    expect(corrupt).toEqual([
      {
        kind: "corrupt",
        id: null,
        key: key.toString("hex"),
        error: expect.objectContaining({ code: expect.any(String) }),
      },
    ]);
  });
});

describe("the spool's own keys", () => {
  it("never show, those of today and those of tomorrow", async () => {
    const spool = await spoolWith(async (db) => {
      expect(await db.get(BATCH_NUMBER_KEY), "the batch number is there").not.toBeNull();
      for (const byte of [1, 0x7f, 0xff]) await db.put(Buffer.of(byte), Buffer.from("a later version's"));
    });
    const entries = await entriesOf(spool);
    expect(entries.filter(({ kind }) => kind === "corrupt")).toEqual([]);
    expect(entries).toHaveLength(sound.length);
  });
});
