import type { RocksSpool } from "rockspool";
import { describe, expect, it, onTestFinished } from "vitest";
import { logPath } from "../support/shard-files.ts";
import { onRocksDB, openForTest } from "../support/spool-kinds.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { until } from "../support/until.ts";
import { cannotFreeze, LoopDisk } from "./loop-disk.ts";
import { type Call, RecordedCalls, summary } from "./recorded-calls.ts";

const SHARDS = 4;
const FROZEN = 0;
const OTHERS = [1, 2, 3];
const CALLER_MS = 500;
/** Longer than any disk but a frozen one takes. */
const STORE_MS = 5000;
/** The rest is this machine's: it is 60 ms where nothing else runs. */
const LATE_MS = 5000;
/** Half of it is removed, and half loaded. */
const CARGO = 400;
const BYTES = 1000;
const PATIENCE_MS = 60_000;
const OPTIONS = {
  shards: SHARDS,
  monitorInterval: "100ms",
  // Timeouts alone do latch, when they go on for so long.
  params: { storeDeadline: STORE_MS, errorLatchDuration: "10 minutes" },
} as const;

/** A spool whose shard 0 has its message log on a disk of its own. */
async function spoolWithDisk(): Promise<{ spool: RocksSpool; disk: LoopDisk }> {
  const path = await temporaryDirectory();
  const made = await onRocksDB.open({ path, ...OPTIONS });
  await made.shutdown();
  const disk = await LoopDisk.under(logPath(path, FROZEN));
  return { spool: await openForTest(onRocksDB, { path, ...OPTIONS }), disk };
}

/**
 * Stores, loads and removes on each of the other shards for so long, one call after the other; every fifth message is
 * synced.
 */
async function useOthers(spool: RocksSpool, ms: number): Promise<RecordedCalls[]> {
  const end = performance.now() + ms;
  const all = OTHERS.map((shard) => new RecordedCalls(spool, shard, BYTES));
  const use = async (calls: RecordedCalls): Promise<void> => {
    for (let i = 0; performance.now() < end; i++) {
      const stored = await calls.store(i % 5 === 0);
      await calls.load(stored);
      if (i % 2 === 0) await calls.remove(stored);
    }
  };
  await Promise.all(all.map(use));
  return all;
}

/**
 * Writes of each kind, under the caller's deadline and the spool's, until `over`: more than a shard takes in before it
 * answers.
 */
async function press(calls: RecordedCalls, cargo: readonly Call[], loads: boolean, over: () => boolean): Promise<void> {
  for (let i = 0; !over(); i++) {
    for (const limitMs of [CALLER_MS, undefined]) {
      void calls.store(false, limitMs);
      void calls.store(true, limitMs);
    }
    const removed = i % 4 === 0 ? cargo[i / 4] : undefined;
    if (removed !== undefined && i / 4 < CARGO / 2) void calls.remove(removed);
    const loaded = cargo[CARGO / 2 + (i % (CARGO / 2))];
    if (loads && loaded !== undefined) void calls.load(loaded);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function latency(all: readonly RecordedCalls[]): string {
  const sorted = all.flatMap(({ calls }) => calls.map(({ ms }) => ms)).sort((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN).toFixed(1);
  return `${sorted.length} calls, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`;
}

function said(calls: readonly Call[]): Set<string | null> {
  return new Set(calls.map((call) => call.said));
}

/** `loadMs`: how long the other shards are used before the freeze, and as long during it. */
export function describeFrozenShard(loadMs: number): void {
  describe("a shard whose disk is frozen", { timeout: 4 * PATIENCE_MS }, () => {
    const why = cannotFreeze === null ? "" : ` (${cannotFreeze})`;

    it.skipIf(cannotFreeze !== null).each([
      { name: "writes", loads: false },
      { name: "writes and loads", loads: true },
    ])(`settles every call in time and truly, and holds up no other: $name${why}`, async ({ name, loads }) => {
      const { spool, disk } = await spoolWithDisk();
      const calls = new RecordedCalls(spool, FROZEN, BYTES);
      const cargo = await Promise.all(Array.from({ length: CARGO }, () => calls.store(false)));
      expect(said(cargo)).toEqual(new Set(["written"]));
      let over = false;
      onTestFinished(() => {
        over = true;
      });
      const pressing = press(calls, cargo, loads, () => over);
      const before = await useOthers(spool, loadMs);

      const thaw = await disk.freeze();
      const begun = calls.calls.length;
      const during = await useOthers(spool, loadMs);
      over = true;
      await pressing;
      await until("every call on the frozen shard is settled", () => calls.pending.length === 0, PATIENCE_MS);
      const { reason } = spool.health()[FROZEN] ?? {};
      await thaw();

      const asked = calls.calls.slice(begun);
      const writes = asked.filter(({ kind }) => kind !== "load");
      const late = Math.max(...writes.map(({ ms, limitMs }) => ms - (limitMs ?? STORE_MS)));
      console.log(`${name}: the other shards before: ${latency(before)}`);
      console.log(`${name}: the other shards while it is frozen: ${latency(during)}`);
      console.log(`${name}: at most ${late.toFixed(0)} ms after the deadline;`, summary(calls.calls));
      expect(said([...before, ...during].flatMap((one) => one.calls))).toEqual(
        new Set(["written", "synced", "removed", "whole"]),
      );
      expect(writes.filter((call) => call.said !== "unknown" && call.said !== "not-written")).toEqual([]);
      expect(said(writes), "what the shard had no room for").toContain("not-written");
      // The shard may have had it before its disk was frozen.
      expect(said(calls.calls), "what was with the shard").toContain("unknown");
      expect(said(asked.filter(({ kind }) => kind === "load"))).toEqual(new Set(loads ? ["whole"] : []));
      expect(late).toBeLessThan(LATE_MS);
      expect(reason, "writes that time out prove nothing yet").toBeNull();

      await until("the shard takes writes again", async () => (await calls.store(true)).said === "synced", PATIENCE_MS);
      await Promise.all([...before, ...during, calls].map((one) => one.check()));
    });
  });
}
