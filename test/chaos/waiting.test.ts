import { type RocksSpool, SpoolEngineError, type SpoolId, SpoolUnhealthyError } from "rockspool";
import { describe, expect, it } from "vitest";
import { loadOrNull } from "../support/load-or-null.ts";
import { payload } from "../support/payload.mjs";
import { rejection } from "../support/rejection.ts";
import { idOnShard } from "../support/shard-files.ts";
import { type OpenOptions, onRocksDB, openUnchecked } from "../support/spool-kinds.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { flipByte, type Place, placeInSegments } from "./support/damage.ts";

const SHARDS = 2;
const BAD = 0;
const SOUND = 1;
const BYTES = 6000;

interface Damaged {
  readonly spool: RocksSpool;
  readonly path: string;
  /** A load of it meets the damage. */
  readonly message: SpoolId;
  repair(): void;
}

/** One shard has one message, whose body is damaged, and nobody knows. No monitor tick comes in between. */
async function damaged(options: Partial<OpenOptions> = {}): Promise<Damaged> {
  const path = await temporaryDirectory();
  const spool = await openUnchecked(onRocksDB, { path, shards: SHARDS, monitorInterval: "1 hour", ...options });
  const message = idOnShard(BAD, SHARDS);
  await spool.store(message, payload(0, BYTES));
  // The index has a table in level 0.
  await spool.adviseLowMemory();
  const { file, offset } = (await placeInSegments(path, BAD, payload(0, BYTES))) as Place;
  const repair = (): void => flipByte(file, offset);
  repair();
  return { spool, path, message, repair };
}

/** Lets the shard's thread take all that has been sent to it: a load that is sent later is answered. */
async function taken(spool: RocksSpool): Promise<void> {
  expect(await loadOrNull(spool, idOnShard(BAD, SHARDS))).toBeNull();
}

describe("writes that wait while the shard's thread latches the gate", () => {
  it.each([
    // With one table in level 0 the shard takes no more writes, until a compaction that nobody asks for.
    { where: "in back-off, sent, not sent", options: {}, count: 2000, bytes: 500 },
    { where: "in line for room", options: { maxPendingBytes: 64 * 1024 }, count: 200, bytes: 2000 },
    { where: "in line for their turn", options: { params: { limitConcurrentStores: 2 } }, count: 50, bytes: 100 },
  ])("$where: all are refused, and none is ever written", async ({ options, count, bytes }) => {
    const params = { level0StopWritesTrigger: 1, storeDeadline: "10 minutes", ...options.params };
    const { spool, path, message, repair } = await damaged({ ...options, params });
    const ids: SpoolId[] = [];
    const told: unknown[] = [];
    const store = (forceSync: boolean): void => {
      const id = idOnShard(BAD, SHARDS);
      ids.push(id);
      spool.store(id, payload(1, bytes), { forceSync }).then(
        (reached) => told.push(reached),
        (error: unknown) => told.push(error),
      );
    };
    // Frame by frame: the first is in back-off, the second is sent, the others wait.
    for (let frame = 0; frame < 2; frame++) {
      store(frame === 0);
      await taken(spool);
    }
    for (let i = 2; i < count; i++) store(i % 3 === 0);
    await taken(spool);
    expect(told, "all of them wait").toEqual([]);

    expect(await rejection(spool.load(message))).toBeInstanceOf(SpoolEngineError);
    const next = rejection(spool.store(idOnShard(BAD, SHARDS), payload(1, 10)));
    expect(await next).toBeInstanceOf(SpoolUnhealthyError);
    await expect.poll(() => told.length).toBe(count);
    for (const error of told) {
      expect(error).toBeInstanceOf(SpoolUnhealthyError);
      expect(error).toMatchObject({ code: "SPOOL_UNHEALTHY", outcome: "not-written" });
    }
    const neighbour = idOnShard(SOUND, SHARDS);
    expect(await spool.store(neighbour, payload(1, 10), { forceSync: true })).toBe("synced");

    for (const id of ids) expect(await loadOrNull(spool, id)).toBeNull();
    await spool.shutdown();
    repair();
    const again = await openUnchecked(onRocksDB, { path });
    for (const id of ids) expect(await loadOrNull(again, id)).toBeNull();
    expect(Buffer.compare(await again.load(message), payload(0, BYTES))).toBe(0);
  });

  it("in the frame that is still open: the operator's latch in the same turn refuses them too", async () => {
    const spool = await openUnchecked(onRocksDB, { path: await temporaryDirectory(), shards: SHARDS });
    const ids = Array.from({ length: 1000 }, () => idOnShard(BAD, SHARDS));
    const stores = ids.map((id) => rejection(spool.store(id, payload(1, 100))));
    const neighbours = ids.map(() => spool.store(idOnShard(SOUND, SHARDS), payload(1, 100)));
    const latching = spool.latch(BAD, "maintenance");
    for (const error of await Promise.all(stores))
      expect(error).toMatchObject({ code: "SPOOL_UNHEALTHY", outcome: "not-written" });
    await Promise.all([latching, ...neighbours]);
    for (const id of ids) expect(await loadOrNull(spool, id)).toBeNull();
  });
});

const nobody = new Int32Array(new SharedArrayBuffer(4));

it("a latch by the shard's thread is seen by the next store of a turn that has let no message in", async () => {
  const { spool, message } = await damaged();
  const order: string[] = [];
  const load = rejection(spool.load(message)).finally(() => order.push("the load was answered"));
  // The frame leaves at the end of a microtask turn; from here on this thread handles no message.
  await Promise.resolve();
  const end = performance.now() + 30_000;
  while (spool.health()[BAD]?.latched === false && performance.now() < end) Atomics.wait(nobody, 0, 0, 1);
  const refused = rejection(spool.store(idOnShard(BAD, SHARDS), payload(1, 10))).finally(() =>
    order.push("the store was refused"),
  );
  expect(await refused).toMatchObject({ code: "SPOOL_UNHEALTHY", outcome: "not-written" });
  expect(await load).toMatchObject({ code: "SPOOL_ENGINE" });
  expect(order).toEqual(["the store was refused", "the load was answered"]);
  expect(await spool.store(idOnShard(SOUND, SHARDS), payload(1, 10))).toBe("written");
});
