import { canSync, RIVALS } from "../peers/peer-names.ts";
import type { RunResult } from "../run/run-result.ts";
import { rssGrowth } from "./rss-growth.ts";
import { DB_BENCH_THREADS, ids } from "./series-ids.ts";

/** What one round found. Null where a series was not measured, or failed. */
export interface Round {
  readonly result: (id: string) => RunResult | null;
  readonly rate: (id: string) => number | null;
  /** Of several series the one with the largest median over all rounds: which peer is the best must not change from round to round. */
  readonly best: (ids: readonly string[]) => string | null;
}

/** A ratio, or milliseconds; it must be at least or at most `bound`. */
export interface Goal {
  readonly title: string;
  readonly unit: "ratio" | "ms";
  readonly direction: "at least" | "at most";
  readonly bound: number;
  /** The series of which the best is the divisor; none where that is always the same. */
  readonly rivals?: readonly string[];
  /** Null where the round lacks what it needs. */
  readonly value: (round: Round) => number | null;
}

/** Both are of the same round, minutes apart at most: what slows the machine for a while slows both. */
function ratio(above: string, below: string | ((round: Round) => string | null)): Goal["value"] {
  return (round) => {
    const divisor = typeof below === "string" ? below : below(round);
    const [a, b] = [round.rate(above), divisor === null ? null : round.rate(divisor)];
    return a === null || b === null || b === 0 ? null : a / b;
  };
}

function bestOneAWrite(round: Round): string | null {
  const measured = DB_BENCH_THREADS.map((threads) => ids.fillRandom(1, threads)).filter(
    (id) => round.rate(id) !== null,
  );
  return measured.sort((a, b) => (round.rate(b) as number) - (round.rate(a) as number))[0] ?? null;
}

const bestOf = (rivals: readonly string[]) => (round: Round) => round.best(rivals);

const storingRivals = RIVALS.map((peer) => ids.store(peer, 512));
const syncingRivals = RIVALS.filter(canSync).map((peer) => ids.synced(peer, 512));
const ceiling = ids.fillRandom(128, 1);
const fullLoad = ids.store("rockspool", 2048);
const half = ids.store("rockspool", 512);
const synced = ids.synced("rockspool", 512);

/** What rockspool is meant to reach on 2 cores, with 1 KiB of random bytes a message, compression off and two shards. */
export const GOALS: readonly Goal[] = [
  {
    title: "stores, 2,048 in flight ÷ fillrandom, 128 a write",
    unit: "ratio",
    direction: "at least",
    bound: 1,
    value: ratio(fullLoad, ceiling),
  },
  {
    title: "stores, 2,048 in flight ÷ fillrandom, one a write, best of 1, 4 and 8 threads",
    unit: "ratio",
    direction: "at least",
    bound: 1.7,
    value: ratio(fullLoad, bestOneAWrite),
  },
  {
    title: "stores, 64 in flight ÷ fillrandom, 128 a write",
    unit: "ratio",
    direction: "at least",
    bound: 0.7,
    value: ratio(ids.store("rockspool", 64), ceiling),
  },
  {
    title: "synced stores, 512 in flight ÷ fillsync, 64 threads",
    unit: "ratio",
    direction: "at least",
    bound: 4,
    value: ratio(synced, ids.fillSync),
  },
  {
    title: "synced ÷ unsynced stores, 512 in flight",
    unit: "ratio",
    direction: "at least",
    bound: 0.75,
    value: ratio(synced, half),
  },
  {
    title: "loads, 512 in flight ÷ multireadrandom",
    unit: "ratio",
    direction: "at least",
    bound: 1,
    value: ratio(ids.load("rockspool"), ids.multiRead(1)),
  },
  {
    title: "enumeration ÷ readseq",
    unit: "ratio",
    direction: "at least",
    bound: 1,
    value: ratio(ids.enumerate("rockspool"), ids.readSeq(1)),
  },
  {
    title: "stores ÷ best Node peer, 512 in flight",
    unit: "ratio",
    direction: "at least",
    bound: 2,
    rivals: storingRivals,
    value: ratio(half, bestOf(storingRivals)),
  },
  {
    title: "synced stores ÷ best Node peer, 512 in flight",
    unit: "ratio",
    direction: "at least",
    bound: 5,
    rivals: syncingRivals,
    value: ratio(synced, bestOf(syncingRivals)),
  },
  {
    title: "event-loop delay, p99, at full load",
    unit: "ms",
    direction: "at most",
    bound: 5,
    value: (round) => round.result(fullLoad)?.loopDelay?.p99 ?? null,
  },
  {
    title: "store, p99.9, open loop at half of the full rate",
    unit: "ms",
    direction: "at most",
    bound: 20,
    value: (round) => round.result(ids.steady)?.latency?.p999 ?? null,
  },
  {
    title: "worst store at full load, 4 MiB write buffers",
    unit: "ms",
    direction: "at most",
    bound: 60,
    value: (round) => round.result(ids.smallBuffers)?.latency?.worst ?? null,
  },
  {
    title: "resident memory over stores and removes: its end ÷ its first half",
    unit: "ratio",
    direction: "at most",
    bound: 1.1,
    value: (round) => rssGrowth(round.result(ids.churn)?.rssBytes ?? []),
  },
];
