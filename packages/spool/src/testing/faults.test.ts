import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SpoolId, SpoolNotFoundError, shardOf } from "@rockspool/core";
import { Registry } from "prom-client";
import { describe, expect, it, onTestFinished } from "vitest";
import type { RocksSpool } from "../spool.ts";
import { type FaultySpool, type FaultySpoolOptions, openFaultySpool } from "./open-faulty-spool.ts";
import type { EngineCall } from "./shard-faults.ts";

const DATA = Uint8Array.of(1, 2, 3);
const SHARDS = 2;
const UNHEALTHY = { code: "SPOOL_UNHEALTHY", outcome: "not-written" };

function idOn(shard: number): SpoolId {
  for (;;) {
    const id = SpoolId.generate();
    if (shardOf(id.bytes, SHARDS) === shard) return id;
  }
}

/** The value or the error of a promise. The rejection is handled at once. */
function end(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: unknown) => error);
}

/** Resolves when an enumeration has ended on every shard. A shard without a stall yields its messages before. */
async function drained(entries: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of entries);
}

/**
 * Waits for the first tick of shard 0's thread, as a proof does: the tick may write a batch that a fault would count.
 */
async function firstTick(spool: RocksSpool): Promise<void> {
  await spool.unlatch(0);
}

describe.each(["memory", "rocksdb"] as const)("faults over the engine %s:", (engine) => {
  async function open(options: Partial<FaultySpoolOptions> = {}): Promise<FaultySpool & { path: string }> {
    const path = options.path ?? (await mkdtemp(join(tmpdir(), "rockspool-faults-")));
    const opened = await openFaultySpool({ engine, path, shards: SHARDS, registry: new Registry(), ...options });
    onTestFinished(async () => {
      await opened.faults.release();
      await opened.spool.shutdown().catch(() => {});
      await rm(path, { recursive: true, force: true });
    });
    return { ...opened, path };
  }

  const calls: [EngineCall, (spool: RocksSpool, id: SpoolId) => Promise<unknown>][] = [
    ["write", (spool, id) => spool.store(id, DATA)],
    ["write", (spool, id) => spool.remove(id)],
    ["sync", (spool, id) => spool.store(id, DATA, { forceSync: true })],
    ["read", (spool, id) => spool.load(id)],
    ["enumerate", (spool) => drained(spool.enumerate({ createdBefore: new Date(Date.now() + 1000) }))],
    ["flush", (spool) => spool.adviseLowMemory()],
    ["compact", (spool) => spool.compact()],
  ];

  describe("a stall", () => {
    it.each(calls)("of %s holds the operations that need the call until it is released", async (call, operation) => {
      const { spool, faults } = await open();
      const id = idOn(0);
      await spool.store(id, DATA);
      const stall = faults.shard(0).stall(call);
      let ended = false;
      const held = operation(spool, id).finally(() => {
        ended = true;
      });
      await stall.reached();
      // The other shard serves meanwhile.
      await spool.store(idOn(1), DATA, { forceSync: true });
      expect(ended).toBe(false);
      stall.release();
      await held;
      expect(stall.hits).toBe(1);
      expect(await end(spool.load(id))).toSatisfy(
        (found) => found instanceof SpoolNotFoundError || found instanceof Uint8Array,
      );
    });

    it("of admission holds batches back, and their deadlines still apply", async () => {
      const { spool, faults } = await open();
      const stall = faults.shard(0).stall("admission");
      const waits = spool.store(idOn(0), DATA);
      const late = idOn(0);
      const error = await end(spool.store(late, DATA, { deadline: Date.now() + 50 }));
      expect(error).toMatchObject({ code: "SPOOL_CALLER_DEADLINE", outcome: expect.any(String) });
      stall.release();
      expect(await waits).toBe("written");
      await expect(spool.load(late)).rejects.toThrow(SpoolNotFoundError);
    });
  });

  describe("a failure", () => {
    it.each([
      ["write", (spool, id) => spool.store(id, DATA)],
      ["write", (spool, id) => spool.remove(id)],
      ["sync", (spool, id) => spool.store(id, DATA, { forceSync: true })],
    ] as typeof calls)(
      "of %s rejects with the engine's error and an unknown outcome, and latches the gate",
      async (call, operation) => {
        const { spool, faults } = await open();
        faults.shard(0).fail(call, { code: "ENOSPC", message: "no space" });
        const error = { code: "SPOOL_ENGINE", kind: "io", message: "no space", outcome: "unknown" };
        await expect(operation(spool, idOn(0))).rejects.toMatchObject({ ...error, cause: { code: "ENOSPC" } });
        await expect(spool.store(idOn(0), DATA)).rejects.toMatchObject(UNHEALTHY);
        expect(await spool.store(idOn(1), DATA)).toBe("written");
      },
    );

    it("of reads rejects each load", async () => {
      const { spool, faults } = await open();
      const id = idOn(0);
      await spool.store(id, DATA);
      const fault = faults.shard(0).fail("read", { kind: "corruption" });
      await expect(spool.load(id)).rejects.toMatchObject({ code: "SPOOL_ENGINE", kind: "corruption" });
      fault.release();
      expect(await spool.load(id)).toEqual(DATA);
      expect(spool.health()[0]).toMatchObject({ latched: true, foregroundErrors: 1 });
    });

    it.each(["enumerate", "flush", "compact"] as const)(
      "of %s rejects with an error that names the shard",
      async (call) => {
        const { spool, faults } = await open();
        faults.shard(1).fail(call, { kind: "other", message: "the test says no" });
        const operation = calls.find(([name]) => name === call)?.[1];
        const failure = { shards: [1], cause: { message: "the test says no" } };
        if (call === "flush") await expect(spool.compact()).rejects.toMatchObject(failure);
        else await expect(operation?.(spool, idOn(1))).rejects.toMatchObject(failure);
      },
    );

    it.each([
      [{ kind: "busy" }, "busy", null],
      [{ code: "EROFS" }, "io", "EROFS"],
      [{ kind: "other", code: "EIO" }, "other", "EIO"],
      [{}, "io", "EIO"],
    ] as const)("of %j has the kind %s", async (error, kind, code) => {
      const { spool, faults } = await open();
      await firstTick(spool);
      faults.shard(0).fail("write", { ...error, times: 1 });
      const failure = (await end(spool.store(idOn(0), DATA))) as { kind: string; cause: { code?: string } };
      expect([failure.kind, failure.cause.code ?? null]).toEqual([kind, code]);
      expect(spool.health()[0]?.latched).toBe(kind === "io");
    });

    it("hits the number of calls in `times`, after the number in `after`", async () => {
      const { spool, faults } = await open();
      await firstTick(spool);
      const fault = faults.shard(0).fail("write", { kind: "other", after: 2, times: 2 });
      const ends = [];
      for (let i = 0; i < 6; i++) ends.push(await end(spool.store(idOn(0), DATA)));
      expect(ends.map((one) => one === "written")).toEqual([true, true, false, false, true, true]);
      expect(fault.hits).toBe(2);
      fault.release();
      expect(fault.hits).toBe(2);
      await expect(fault.reached(3)).rejects.toThrow("released after 2 hits of 3");
    });

    it("that is late rejects a batch that is written nevertheless", async () => {
      const { spool, faults } = await open();
      const [early, late] = [idOn(0), idOn(0)];
      await firstTick(spool);
      faults.shard(0).fail("write", { kind: "other", times: 1 });
      await expect(spool.store(early, DATA)).rejects.toMatchObject({ outcome: "unknown" });
      faults.shard(0).fail("write", { kind: "other", times: 1, late: true });
      await expect(spool.store(late, DATA)).rejects.toMatchObject({ outcome: "unknown" });
      await expect(spool.load(early)).rejects.toThrow(SpoolNotFoundError);
      expect(await spool.load(late)).toEqual(DATA);
    });

    it("of an open leaves the shard down", async () => {
      const { spool, path } = await open();
      await spool.shutdown();
      const { spool: again } = await open({ path, prepare: (faults) => faults.shard(1).fail("open", { code: "EIO" }) });
      expect(again.health().map(({ state }) => state)).toEqual(["open", "down"]);
    });

    it("of a close rejects the shutdown, and all shards are closed", async () => {
      const { spool, faults, path } = await open();
      faults.shard(1).fail("close");
      await expect(spool.shutdown()).rejects.toMatchObject({ shards: [1], kind: "io" });
      const { spool: again } = await open({ path });
      expect(again.health().map(({ state }) => state)).toEqual(["open", "open"]);
    });
  });

  describe("a thread", () => {
    it.each([
      ["exits with a code", (shard) => shard.exit(3), "worker exited with code: 3"],
      ["exits with code 0", (shard) => shard.exit(0), "worker exited with code: 0"],
      ["throws", (shard) => shard.throw("oh no"), "oh no"],
      ["is killed", (shard) => shard.kill(), "worker exited with code: 1"],
    ] as [string, (shard: ReturnType<FaultySpool["faults"]["shard"]>) => Promise<void>, string][])(
      "that %s: the death is detected when the call resolves, and the shard is served again",
      async (_name, die, message) => {
        const { spool, faults } = await open();
        const [before, during] = [idOn(1), idOn(1)];
        await spool.store(before, DATA);
        const stall = faults.shard(1).stall("write");
        const lost = end(spool.store(during, DATA));
        await stall.reached();
        await die(faults.shard(1));
        expect(await lost).toMatchObject({ code: "SPOOL_SHARD_LOST", outcome: "unknown", cause: { message } });
        expect(spool.health().map(({ restarts }) => restarts)).toEqual([0, 1]);
        stall.release();
        expect(await spool.load(before), "a written message survives the thread").toEqual(DATA);
        await expect(spool.load(during)).rejects.toThrow(SpoolNotFoundError);
        expect(spool.health()[1]).toMatchObject({ state: "open", restarts: 1 });
        const other = faults.shard(1).exit();
        await faults.shard(0).exit();
        // In the turn in which the death is detected.
        await expect(faults.shard(0).exit()).rejects.toThrow("shard 0 has no thread: it is restarting");
        await other;
      },
    );

    it("exits in a call, before or after the engine's work", async () => {
      const { spool, faults } = await open();
      const [early, late] = [idOn(0), idOn(0)];
      faults.shard(0).exitAt("write");
      const lost = { code: "SPOOL_SHARD_LOST", outcome: "unknown" };
      await expect(spool.store(early, DATA)).rejects.toMatchObject(lost);
      faults.shard(0).exitAt("write", { exitCode: 7, late: true });
      await expect(spool.store(late, DATA)).rejects.toMatchObject({
        ...lost,
        cause: { message: expect.stringContaining("7") },
      });
      await expect(spool.load(early)).rejects.toThrow(SpoolNotFoundError);
      expect(await spool.load(late)).toEqual(DATA);
    });

    it("throws in a call, before or after the engine's work", async () => {
      const { spool, faults } = await open();
      const [early, late] = [idOn(0), idOn(0)];
      faults.shard(0).throwAt("write");
      const lost = { code: "SPOOL_SHARD_LOST", outcome: "unknown" };
      await expect(spool.store(early, DATA)).rejects.toMatchObject(lost);
      faults.shard(0).throwAt("write", { message: "oh no", late: true });
      await expect(spool.store(late, DATA)).rejects.toMatchObject({ ...lost, cause: { message: "oh no" } });
      await expect(spool.load(early)).rejects.toThrow(SpoolNotFoundError);
      expect(await spool.load(late)).toEqual(DATA);
    });

    it("that hangs answers nothing, is detected by its heartbeat, and can be killed", async () => {
      const { spool, faults } = await open();
      const id = idOn(0);
      await spool.store(id, DATA);
      const hang = faults.shard(0).hang();
      await hang.reached();
      const lost = end(spool.load(id));
      await faults.clock.advance("20s");
      expect(spool.health()[0]?.reason).toMatch(/its thread has not answered for/);
      expect(spool.health()[1]?.latched).toBe(false);
      await faults.shard(0).kill();
      hang.release();
      expect(await lost).toMatchObject({ code: "SPOOL_SHARD_LOST" });
      expect(await spool.load(id)).toEqual(DATA);
    });

    it("that hangs continues when it is released", async () => {
      const { spool, faults } = await open();
      const hang = faults.shard(0).hang();
      await hang.reached();
      const held = spool.store(idOn(0), DATA);
      hang.release();
      expect(await held).toBe("written");
      expect(spool.health()[0]?.restarts).toBe(0);
    });
  });

  describe("the clock", () => {
    const params = { errorLatchDuration: "15s", errorUnlatchDuration: "5 minutes" };

    it("latches a shard whose background errors last, and asks for a proof when they have ended", async () => {
      const { spool, faults } = await open({ params });
      faults.shard(0).reportBackgroundErrors(2);
      await faults.clock.advance("5s");
      expect(spool.health()[0]).toMatchObject({ backgroundErrors: 2, latched: false });
      await faults.clock.advance("15s");
      expect(spool.health().map(({ latched }) => latched)).toEqual([true, false]);
      await faults.clock.advance("4 minutes");
      expect(spool.health()[0]?.latched).toBe(true);
      await faults.clock.advance("1 minute");
      expect(spool.health()[0]).toMatchObject({ latched: false, history: [{ latched: true }, { latched: false }] });
      expect(await spool.store(idOn(0), DATA)).toBe("written");
    });

    it("keeps a shard latched while its proof fails", async () => {
      const { spool, faults } = await open({ params });
      const fault = faults.shard(0).fail("sync", { code: "EIO" });
      await expect(spool.store(idOn(0), DATA, { forceSync: true })).rejects.toMatchObject({ outcome: "unknown" });
      await faults.clock.advance("6 minutes");
      expect(spool.unhealthyReason()).toBe(null);
      expect(spool.health()[0]?.latched).toBe(true);
      fault.release();
      await faults.clock.advance("6 minutes");
      expect(spool.health()[0]?.latched).toBe(false);
    });

    it("advances while a shard is stalled, and refuses a text that is no duration", async () => {
      const { spool, faults } = await open({ params });
      const stall = faults.shard(0).stall("write");
      const held = end(spool.store(idOn(0), DATA));
      await stall.reached();
      await spool.latch(0, "latched by the test");
      await faults.clock.advance("1 minute");
      faults.shard(0).release();
      expect(await held).toBe("written");
      await expect(faults.clock.advance("soon")).rejects.toThrow('soon is not a duration such as "2 minutes"');
    });
  });

  it("a full disk refuses stores until it is free again", async () => {
    const { spool, faults } = await open();
    await faults.disk.fill();
    expect(spool.unhealthyReason()).toBe("the spool storage is too full");
    await expect(spool.store(idOn(0), DATA)).rejects.toMatchObject({ code: "SPOOL_FULL", outcome: "not-written" });
    await faults.release();
    expect(spool.unhealthyReason()).toBe(null);
    expect(await spool.store(idOn(0), DATA)).toBe("written");
  });

  it("faults of a shard that does not exist are refused", async () => {
    const { faults } = await open();
    expect(() => faults.shard(SHARDS)).toThrow("there is no shard 2");
    await expect(open({ monitorInterval: "now" })).rejects.toMatchObject({ field: "monitorInterval" });
  });
});
