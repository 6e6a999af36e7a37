import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { type RocksSpool, SpoolEngineError, SpoolId } from "rockspool";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { entriesOf, nextMillisecond } from "../support/entries.ts";
import { payload } from "../support/payload.mjs";
import { rejection } from "../support/rejection.ts";
import { type RocksDB, withRocksDB } from "../support/rocksdb.ts";
import { indexPath } from "../support/shard-files.ts";
import { onRocksDB, openUnchecked } from "../support/spool-kinds.ts";
import { makeTemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";

const SOUND_MESSAGES = 20;
/** Where the index keeps the newest block that it holds. */
const APPLIED_KEY = Buffer.of(0);

/** A closed spool of one shard with sound messages, which the tests copy. */
let closed: string;
let sound: readonly SpoolId[];

beforeAll(async () => {
  closed = await makeTemporaryDirectory();
  const spool = await onRocksDB.open({ path: closed, shards: 1, params: { compressionType: "none" } });
  sound = Array.from({ length: SOUND_MESSAGES }, () => spool.newId());
  await Promise.all(sound.map((id, i) => spool.store(id, payload(i, 6000))));
  await spool.shutdown();
});

afterAll(() => rm(closed, { recursive: true, force: true }));

/** A copy of it, into which `write` put something before it was opened. */
async function spoolWith(write: (db: RocksDB) => Promise<void>): Promise<RocksSpool> {
  const path = join(await temporaryDirectory(), "spool");
  await cp(closed, path, { recursive: true });
  await withRocksDB(await indexPath(path, 0), { readOnly: false }, write);
  await nextMillisecond();
  return openUnchecked(onRocksDB, { path });
}

interface WrongPlace {
  readonly what: string;
  /** Changes the place of a sound message, whose body is stored as it is. */
  change(place: Buffer): void;
}

/** Where each field of a place lies: `docs/on-disk-format.md`. */
const At = { segment: 4, offset: 8, storedLength: 12, length: 16, checksum: 20, codec: 24 } as const;

const wrongPlaces: readonly WrongPlace[] = [
  { what: "a codec that means nothing", change: (place) => place.writeUInt8(0xee, At.codec) },
  { what: "snappy that does not decompress", change: (place) => place.writeUInt8(1, At.codec) },
  { what: "LZ4 that does not decompress", change: (place) => place.writeUInt8(2, At.codec) },
  { what: "zlib that does not decompress", change: (place) => place.writeUInt8(3, At.codec) },
  { what: "zstd that does not decompress", change: (place) => place.writeUInt8(4, At.codec) },
  { what: "a body of another length", change: (place) => place.writeUInt32LE(1, At.length) },
  { what: "a body with another checksum", change: (place) => place.writeUInt32LE(1, At.checksum) },
  { what: "the bytes of another place", change: (place) => place.writeUInt32LE(64, At.offset) },
  { what: "bytes behind the end of a segment", change: (place) => place.writeUInt32LE(0x7fff_0000, At.offset) },
  { what: "a segment that is not there", change: (place) => place.writeUInt32LE(999, At.segment) },
];

/** An id that the index places at a sound message's body, but for one field. */
async function writeWrong(db: RocksDB, id: SpoolId, change: WrongPlace["change"]): Promise<void> {
  const place = Buffer.from((await db.get((sound[0] as SpoolId).toBytes())) as Uint8Array);
  expect(place[At.codec], "it is not compressed").toBe(0);
  change(place);
  await db.put(id.toBytes(), place);
}

describe.each(wrongPlaces)("an id whose place is $what", ({ change }) => {
  it("is corruption to the load that meets it, a corrupt entry to an enumeration, and harms no other", async () => {
    const id = SpoolId.generate();
    const spool = await spoolWith((db) => writeWrong(db, id, change));

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

    // The log may be damaged, so the shard takes no writes until it has proved that it works.
    expect(spool.health()[0]).toMatchObject({ latched: true, reason: expect.stringMatching(/^corruption: /) });
    await spool.unlatch(0);
    await spool.store(id, payload(1, 10));
    expect((await spool.load(id)).byteLength).toBe(10);
    for (const [i, one] of sound.entries()) expect(Buffer.compare(await spool.load(one), payload(i, 6000))).toBe(0);
  });

  it("does not take its neighbours in the same turn with it", async () => {
    const id = SpoolId.generate();
    const spool = await spoolWith((db) => writeWrong(db, id, change));
    const results = await Promise.allSettled([id, ...sound, id].map((one) => spool.load(one)));
    expect(results.map(({ status }) => status)).toEqual(["rejected", ...sound.map(() => "fulfilled"), "rejected"]);
  });
});

describe("an entry of the index that is no place", () => {
  it.each([
    { what: "empty", value: new Uint8Array(0) },
    { what: "too short", value: payload(1, 24) },
    { what: "too long", value: payload(1, 100) },
  ])(
    "is corruption, and the index is made anew: the log has the message where it always was ($what)",
    async ({ value }) => {
      const [id, ...others] = sound as [SpoolId, ...SpoolId[]];
      const spool = await spoolWith((db) => db.put(id.toBytes(), value));
      const results = await Promise.allSettled(sound.map((one) => spool.load(one)));
      expect(results.map(({ status }) => status)).toEqual(["rejected", ...others.map(() => "fulfilled")]);
      expect((results[0] as PromiseRejectedResult).reason).toMatchObject({ code: "SPOOL_ENGINE", kind: "corruption" });
      expect(spool.health()[0]).toMatchObject({ latched: true, reason: expect.stringMatching(/^corruption: /) });
      await spool.unlatch(0);
      for (const [i, one] of sound.entries()) expect(Buffer.compare(await spool.load(one), payload(i, 6000))).toBe(0);
      expect(await entriesOf(spool)).toHaveLength(SOUND_MESSAGES);
    },
  );
});

describe("a key that is not an id", () => {
  const version4 = Buffer.from("0123456789ab4def8123456789abcdef", "hex");
  it.each([
    { what: "too short", key: Buffer.from("short") },
    { what: "too long", key: Buffer.alloc(40, 0xab) },
    { what: "a UUID of another version", key: version4 },
  ])("is a corrupt entry with its hex and no id: $what", async ({ key }) => {
    const spool = await spoolWith(async (db) => {
      await db.put(key, (await db.get((sound[0] as SpoolId).toBytes())) as Uint8Array);
    });
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
      expect(await db.get(APPLIED_KEY), "the newest block is there").not.toBeNull();
      for (const byte of [1, 0x7f, 0xff]) await db.put(Buffer.of(byte), Buffer.from("a later version's"));
    });
    const entries = await entriesOf(spool);
    expect(entries.filter(({ kind }) => kind === "corrupt")).toEqual([]);
    expect(entries).toHaveLength(sound.length);
  });
});
