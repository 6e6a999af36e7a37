import { cp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  acceptLoss,
  openSpool,
  SpoolConfigError,
  SpoolEngineError,
  SpoolId,
  SpoolLockedError,
  verifySpool,
} from "rockspool";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadOrNull } from "../support/load-or-null.ts";
import { payload } from "../support/payload.mjs";
import { rejection } from "../support/rejection.ts";
import { idOnShard, listing, manifestFile, markedBatch, shardFiles, shardPath } from "../support/shard-files.ts";
import { onRocksDB, openForTest } from "../support/spool-kinds.ts";
import { makeTemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";
import { BYTES, COUNT, idsOfShard, SHARDS } from "./children/filling.mjs";
import { makeKilledSpool } from "./killed-spool.ts";
import { DAMAGED, type SilentLoss, silentLosses } from "./losses.ts";

let killed: string;

beforeAll(async () => {
  killed = await makeTemporaryDirectory();
  for (const newer of ["log", "flush"] as const) await makeKilledSpool(join(killed, newer), newer);
});

afterAll(() => rm(killed, { recursive: true, force: true }));

async function killedSpool(newer: SilentLoss["newer"]): Promise<string> {
  const path = join(await temporaryDirectory(), "spool");
  await cp(join(killed, newer), path, { recursive: true });
  return path;
}

describe("a loss that is accepted", () => {
  it.each(silentLosses)(
    "lets the shard take writes again, with all that is left: $name",
    async ({ newer, damage, left }) => {
      const path = await killedSpool(newer);
      const marked = await markedBatch(path, DAMAGED);
      await damage(path);
      const before = await listing(path);
      const verdict = await verifySpool({ path });
      expect(verdict.ok).toBe(false);
      expect(verdict.shards.map(({ state }) => state === "sound")).toEqual([false, true]);

      const told = await acceptLoss({ path, shard: DAMAGED, accept: false });
      expect(told).toMatchObject({ accepted: false, reason: expect.stringMatching(/./), movedTo: null });
      if (told?.missing) expect(told.missing.to).toBe(marked);
      const empty = left.older === "none" && left.newer === "none";
      expect(told?.beginsEmpty).toBe(empty);
      // Beginning anew is not accepted by accepting a loss.
      if (empty) expect(await acceptLoss({ path, shard: DAMAGED, accept: true })).toMatchObject({ accepted: false });
      expect(await listing(path), "nothing is changed unless it is accepted").toEqual(before);

      const accepted = await acceptLoss({ path, shard: DAMAGED, accept: true, beginEmpty: empty });
      expect(accepted).toMatchObject({
        accepted: true,
        reason: told?.reason,
        missing: told?.missing,
        batch: told?.batch,
      });
      const record = await readFile(join(path, "accepted-losses.jsonl"), "utf8");
      expect(JSON.parse(record)).toMatchObject({ shard: DAMAGED, reason: told?.reason });
      expect(await acceptLoss({ path, shard: DAMAGED, accept: true })).toBeNull();
      expect(await verifySpool({ path })).toMatchObject({ ok: true });

      const spool = await openForTest(onRocksDB, { path });
      expect(spool.health()[DAMAGED]).toMatchObject({ state: "open", latched: false, reason: null });
      let found = 0;
      for (const [i, id] of idsOfShard(DAMAGED).entries()) {
        const message = await loadOrNull(spool, SpoolId.fromBytes(id));
        if (message === null) continue;
        expect(Buffer.compare(message, payload(i, BYTES)), `message ${i}`).toBe(0);
        found++;
      }
      const halves = [left.older, left.newer];
      if (left.newer === "some") expect(found).toBeGreaterThan(COUNT);
      else expect(found).toBe(COUNT * halves.filter((half) => half === "all").length);
      const id = idOnShard(DAMAGED, SHARDS);
      expect(await spool.store(id, payload(1, 100), { forceSync: true })).toBe("synced");
    },
  );

  it("keeps the files of a shard that begins anew", async () => {
    const path = await killedSpool("flush");
    await rm(join(shardPath(path, DAMAGED), "CURRENT"));
    const files = await listing(shardPath(path, DAMAGED));
    const accepted = await acceptLoss({ path, shard: DAMAGED, accept: true, beginEmpty: true });
    expect(await listing(accepted?.movedTo ?? expect.fail("they were not moved"))).toEqual(files);
  });

  it("is found again when it comes back: the new mark knows what was left", async () => {
    const path = await killedSpool("log");
    const { damage } = silentLosses.find(({ name }) => name === "a WAL cut at a record's end") as SilentLoss;
    await damage(path);
    await acceptLoss({ path, shard: DAMAGED, accept: true });
    await damage(path);
    expect(await acceptLoss({ path, shard: DAMAGED, accept: false })).toMatchObject({ accepted: false });
  });

  it("is none where RocksDB cannot open the shard: only its files can be read", async () => {
    const path = await killedSpool("flush");
    await rm((await shardFiles(path, DAMAGED, ".sst"))[0] as string);
    const before = await listing(path);
    const error = await rejection(acceptLoss({ path, shard: DAMAGED, accept: true, beginEmpty: true }));
    expect(error).toBeInstanceOf(SpoolEngineError);
    expect(error.message).toContain("salvage");
    expect(await listing(path)).toEqual(before);
    await rm(await manifestFile(path, DAMAGED));
    expect(await rejection(acceptLoss({ path, shard: DAMAGED, accept: true }))).toBeInstanceOf(SpoolEngineError);
  });

  it("is refused while the spool is open, and for a shard that is none", async () => {
    const path = await killedSpool("log");
    expect(await rejection(acceptLoss({ path, shard: SHARDS, accept: true }))).toBeInstanceOf(SpoolConfigError);
    const spool = await openSpool({ path });
    try {
      for (const accept of [true, false])
        expect(await rejection(acceptLoss({ path, shard: DAMAGED, accept }))).toBeInstanceOf(SpoolLockedError);
    } finally {
      await spool.shutdown();
    }
    expect(await acceptLoss({ path, shard: DAMAGED, accept: true }), "a sound shard has lost nothing").toBeNull();
  });
});
