import { OTHER_PEERS, PEER_NAMES, type PeerName } from "../peers/peer-names.ts";
import { IN_FLIGHT, ids } from "../plan/series-ids.ts";
import type { RunResult } from "../run/run-result.ts";
import type { Results } from "./results.ts";
import { medianOf } from "./tables.ts";

/** Lines or bars over categories. */
export interface Chart {
  readonly name: string;
  readonly title: string;
  readonly note: string;
  readonly kind: "line" | "bar";
  /** The unit of the value axis. */
  readonly unit: string;
  readonly logarithmic: boolean;
  readonly categories: readonly string[];
  readonly series: readonly ChartSeries[];
  /** A value that is marked with a line across the chart; null for none. */
  readonly mark: number | null;
}

export interface ChartSeries {
  readonly name: string;
  /** An index into the colours of a theme: a peer has the same colour in every chart. */
  readonly colour: number;
  /** For each category; null is a gap. */
  readonly values: readonly (number | null)[];
}

type Pick = (run: RunResult) => number | null | undefined;

/** The charts of the results. A chart without values is left out. */
export function charts(results: Results): Chart[] {
  const value = (id: string, pick: Pick): number | null =>
    medianOf(results.series.find((series) => series.id === id)?.runs ?? [], pick);
  const all = [inFlight(value, false), inFlight(value, true), ratios(value), latencies(value), loopDelays(value)];
  return all
    .map((chart) => ({ ...chart, series: chart.series.filter(({ values }) => values.some((one) => one !== null)) }))
    .filter(({ series }) => series.length > 0);
}

type Value = (id: string, pick: Pick) => number | null;

const rate: Pick = ({ perSecond }) => perSecond;

function inFlight(value: Value, synced: boolean): Chart {
  const idOf = synced ? ids.synced : ids.store;
  return {
    name: synced ? "synced-in-flight" : "stores-in-flight",
    title: synced ? "Synced stores per second" : "Stores per second",
    note:
      "By operations in flight. Messages of 1 KiB; a store resolves when the " +
      `${synced ? "disk" : "operating system"} has it.`,
    kind: "line",
    unit: "per second",
    logarithmic: false,
    categories: IN_FLIGHT.map(String),
    series: PEER_NAMES.map((peer, colour) => {
      return { name: peer, colour, values: IN_FLIGHT.map((count) => value(idOf(peer, count), rate)) };
    }),
    mark: null,
  };
}

function ratios(value: Value): Chart {
  const ceiling = value(ids.fillRandom(128, 1), rate);
  const syncedCeiling = value(ids.fillSync, rate);
  const over = (id: string, below: number | null): number | null => {
    const above = value(id, rate);
    return above === null || below === null || below === 0 ? null : above / below;
  };
  const bars: [string, number | null][] = [
    ...IN_FLIGHT.map((count): [string, number | null] => [
      `rockspool, ${count}`,
      over(ids.store("rockspool", count), ceiling),
    ]),
    ...OTHER_PEERS.map((peer): [string, number | null] => [`${peer}, 512`, over(ids.store(peer, 512), ceiling)]),
    ["rockspool synced, 512", over(ids.synced("rockspool", 512), syncedCeiling)],
    ["rockspool loads, 512", over(ids.load("rockspool"), value(ids.multiRead(1), rate))],
    ["rockspool enumeration", over(ids.enumerate("rockspool"), value(ids.readSeq(1), rate))],
  ];
  const measured = bars.filter(([, ratio]) => ratio !== null);
  return {
    name: "ratio-to-ceiling",
    title: "Ratio to C++ RocksDB",
    note:
      "Stores ÷ fillrandom with 128 per write, synced stores ÷ fillsync with 64 threads, loads ÷ multireadrandom, " +
      "enumeration ÷ readseq. 1 is the rate of db_bench.",
    kind: "bar",
    unit: "ratio",
    logarithmic: false,
    categories: measured.map(([name]) => name),
    series: [{ name: "ratio", colour: 0, values: measured.map(([, ratio]) => ratio) }],
    mark: 1,
  };
}

const PERCENTILES: readonly [string, Pick][] = [
  ["p50", ({ latency }) => latency?.p50],
  ["p90", ({ latency }) => latency?.p90],
  ["p99", ({ latency }) => latency?.p99],
  ["p99.9", ({ latency }) => latency?.p999],
  ["p99.99", ({ latency }) => latency?.p9999],
  ["worst", ({ latency }) => latency?.worst],
];

const picked = (value: Value, id: string, picks: readonly [string, Pick][]): (number | null)[] =>
  picks.map(([, pick]) => value(id, pick));

function latencies(value: Value): Chart {
  return {
    name: "latency",
    title: "Latency of a store",
    note:
      "512 in flight, messages of 1 KiB. Half rate: rockspool in an open loop at half of its full rate, from the " +
      "time at which a store was due.",
    kind: "line",
    unit: "ms",
    logarithmic: true,
    categories: PERCENTILES.map(([name]) => name),
    series: [
      ...PEER_NAMES.map((peer, colour) => {
        return { name: peer as string, colour, values: picked(value, ids.store(peer, 512), PERCENTILES) };
      }),
      { name: "rockspool, half rate", colour: PEER_NAMES.length, values: picked(value, ids.steady, PERCENTILES) },
    ],
    mark: null,
  };
}

const DELAYS: readonly [string, Pick][] = [
  ["p50", ({ loopDelay }) => loopDelay?.p50],
  ["p99", ({ loopDelay }) => loopDelay?.p99],
  ["worst", ({ loopDelay }) => loopDelay?.worst],
];

function loopDelays(value: Value): Chart {
  const idOf = (peer: PeerName): string => ids.store(peer, 512);
  return {
    name: "event-loop-delay",
    title: "Event-loop delay on the main thread",
    note: "How late a timer fires, during stores with 512 in flight.",
    kind: "bar",
    unit: "ms",
    logarithmic: true,
    categories: DELAYS.map(([name]) => name),
    series: PEER_NAMES.map((peer, colour) => ({ name: peer, colour, values: picked(value, idOf(peer), DELAYS) })),
    mark: null,
  };
}
