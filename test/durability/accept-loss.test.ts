import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  acceptLoss,
  openSpool,
  type RocksSpool,
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
import {
  idOnShard,
  indexPath,
  listing,
  logPath,
  manifestFile,
  markedBlock,
  markPath,
  segmentFiles,
} from "../support/shard-files.ts";
import { onRocksDB, openForTest } from "../support/spool-kinds.ts";
import { makeTemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";
import { BYTES, COUNT, idsOfShard, SHARDS } from "./children/filling.mjs";
import { makeKilledSpool } from "./killed-spool.ts";
import { DAMAGED, type SilentLoss, silentLosses } from "./losses.ts";

let killed: string;

beforeAll(async () => {
  killed = await makeTemporaryDirectory();
  await makeKilledSpool(join(killed, "spool"), "log");
});

afterAll(() => rm(killed, { recursive: true, force: true }));

async function killedSpool(): Promise<string> {
  const path = join(await temporaryDirectory(), "spool");
  await cp(join(killed, "spool"), path, { recursive: true });
  return path;
}

describe("a loss that is accepted", () => {
  it.each(silentLosses)("lets the shard take writes again, with all that is left: $name", async ({ damage, left }) => {
    const path = await killedSpool();
    const marked = await markedBlock(path, DAMAGED);
    await damage(path);
    const before = await listing(path);
    const verdict = await verifySpool({ path });
    expect(verdict.ok).toBe(false);
    expect(verdict.shards.map(({ state }) => state === "sound")).toEqual([false, true]);

    const told = await acceptLoss({ path, shard: DAMAGED, accept: false });
    expect(told).toMatchObject({ accepted: false, reason: expect.stringMatching(/./), movedTo: null });
    if (told?.missing) expect(told.missing.to).toBeLessThanOrEqual(marked ?? 0);
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
    const whole = COUNT * halves.filter((half) => half === "all").length;
    if (halves.includes("some")) expect(found).toBeGreaterThan(whole);
    else expect(found).toBe(whole);
    expect(found).toBeLessThanOrEqual(2 * COUNT);
    const id = idOnShard(DAMAGED, SHARDS);
    expect(await spool.store(id, payload(1, 100), { forceSync: true })).toBe("synced");
  });

  it("keeps what is in the place of the log of a shard that begins anew", async () => {
    const path = await killedSpool();
    for (const file of await segmentFiles(path, DAMAGED)) await rm(file);
    await writeFile(join(logPath(path, DAMAGED), "notes"), "of somebody else");
    const files = await listing(logPath(path, DAMAGED));
    const accepted = await acceptLoss({ path, shard: DAMAGED, accept: true, beginEmpty: true });
    expect(await listing(accepted?.movedTo ?? expect.fail("they were not moved"))).toEqual(files);
  });

  it("is found again when it comes back: the new mark knows what was left", async () => {
    const path = await killedSpool();
    const { damage } = silentLosses.find(
      ({ name }) => name === "the newest segment is cut at a block's end",
    ) as SilentLoss;
    await damage(path);
    await acceptLoss({ path, shard: DAMAGED, accept: true });
    await damage(path);
    expect(await acceptLoss({ path, shard: DAMAGED, accept: false })).toMatchObject({ accepted: false });
  });

  it("stays accepted when the index is lost later: the new index is made from what was left", async () => {
    const path = await killedSpool();
    const { damage } = silentLosses.find(({ name }) => name.startsWith("a block's table is damaged")) as SilentLoss;
    await damage(path);
    await acceptLoss({ path, shard: DAMAGED, accept: true });
    for (let life = 0; life < 2; life++) {
      const spool = await openSpool({ path });
      try {
        expect(spool.health()[DAMAGED]).toMatchObject({ state: "open", latched: false });
        expect(await countOf(spool)).toBe(2 * COUNT - 1);
      } finally {
        await spool.shutdown();
      }
      await rm(await indexPath(path, DAMAGED), { recursive: true });
    }
  });

  it("is interrupted before the mark: the shard still has its loss", async () => {
    const path = await killedSpool();
    await rm(markPath(path, DAMAGED));
    // A mark that cannot be written.
    await mkdir(`${markPath(path, DAMAGED)}.tmp`);
    expect(await rejection(acceptLoss({ path, shard: DAMAGED, accept: true }))).toBeInstanceOf(SpoolEngineError);
    await rm(`${markPath(path, DAMAGED)}.tmp`, { recursive: true });
    expect(await acceptLoss({ path, shard: DAMAGED, accept: true })).toMatchObject({ accepted: true });
    expect(await verifySpool({ path })).toMatchObject({ ok: true });
  });

  it("is none where only the index is damaged", async () => {
    const path = await killedSpool();
    await rm(await manifestFile(path, DAMAGED));
    const before = await listing(path);
    expect(await acceptLoss({ path, shard: DAMAGED, accept: true, beginEmpty: true })).toBeNull();
    expect(await listing(path)).toEqual(before);
  });

  it("is refused while the spool is open, and for a shard that is none", async () => {
    const path = await killedSpool();
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

/** How many of the damaged shard's messages can be loaded. */
async function countOf(spool: RocksSpool): Promise<number> {
  const messages = await Promise.all(idsOfShard(DAMAGED).map((id) => loadOrNull(spool, SpoolId.fromBytes(id))));
  return messages.filter((message) => message !== null).length;
}
