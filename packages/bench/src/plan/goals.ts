import { canSync, RIVALS } from "../peers/peer-names.ts";
import type { RunResult } from "../run/run-result.ts";
import { rssGrowth } from "./rss-growth.ts";
import { DB_BENCH_THREADS, ids } from "./series-ids.ts";

/** The results of one round. Null if a series was not measured or failed. */
export interface Round {
  readonly result: (id: string) => RunResult | null;
  readonly rate: (id: string) => number | null;
  /** The series with the largest median rate over all rounds, so that each round compares with the same peer. */
  readonly best: (ids: readonly string[]) => string | null;
}

/** A ratio or a time that must be at least, or at most, `bound`. */
export interface Goal {
  readonly title: string;
  readonly unit: "ratio" | "ms";
  readonly direction: "at least" | "at most";
  readonly bound: number;
  /** The series of which the best is the divisor. */
  readonly rivals?: readonly string[];
  /** Null if the round lacks a run that it needs. */
  readonly value: (round: Round) => number | null;
}

/** The ratio of two rates of the same round, which are minutes apart: a slow phase of the machine affects both. */
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

/** The goals of rockspool, on 2 cores, with messages of 1 KiB of random bytes, no compression and two shards. */
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
    title: "resident memory during stores and removes, last quarter ÷ second quarter",
    unit: "ratio",
    direction: "at most",
    bound: 1.1,
    value: (round) => rssGrowth(round.result(ids.churn)?.rssBytes ?? []),
  },
];
