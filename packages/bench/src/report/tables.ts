import { median } from "simple-statistics";
import type { Section } from "../plan/series.ts";
import { spreadOf } from "../plan/spread.ts";
import type { RunResult } from "../run/run-result.ts";
import { count, decimal, goalBound, goalValue, goalVerdict, mebibytes } from "./format.ts";
import type { Results, SeriesResult } from "./results.ts";

/** A table for Markdown and HTML. The first column is text, the others are numbers. */
export interface Table {
  readonly title: string;
  readonly note: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const SECTIONS: readonly { readonly section: Section; readonly title: string; readonly note: string }[] = [
  { section: "ceiling", title: "C++ RocksDB (db_bench)", note: "The engine without Node." },
  {
    section: "stores",
    title: "Stores",
    note: "1 KiB of random bytes. A store resolves when the operating system has it.",
  },
  { section: "synced", title: "Synced stores", note: "1 KiB of random bytes. A store resolves when the disk has it." },
  { section: "reads", title: "Loads and enumeration", note: "One operation of an enumeration is one message." },
  {
    section: "removes",
    title: "Removes and life cycles",
    note: "A store, load and remove of a message is one operation.",
  },
  { section: "shapes", title: "Sizes and contents of messages", note: "rockspool, 512 in flight." },
  { section: "shards", title: "Shards", note: "rockspool, 2,048 in flight." },
  {
    section: "endurance",
    title: "Endurance and opening",
    note: "An opening is one operation, with its latency.",
  },
];

export const GOALS_NOTE =
  "The median of the rounds, of values that are each computed from runs of one round; and their range.";

export function goalsTable({ goals }: Results): Table {
  return {
    title: "Goals",
    note: GOALS_NOTE,
    head: ["goal", "bound", "median", "range", ""],
    rows: goals.map((goal) => {
      const { title, unit, spread } = goal;
      return [
        title,
        goalBound(goal),
        spread === null ? "–" : goalValue(spread.median, unit),
        spread === null ? "" : `${goalValue(spread.least, unit)} to ${goalValue(spread.most, unit)} (${spread.count})`,
        goalVerdict(goal),
      ];
    }),
  };
}

/** A table for each section that has runs. */
export function sectionTables({ series }: Results): Table[] {
  return SECTIONS.map(({ section, title, note }) => ({
    title,
    note,
    head: section === "ceiling" ? ["", "per second", "range"] : COLUMNS,
    rows: series
      .filter((one) => one.section === section && one.runs.length > 0)
      .map((one) => (section === "ceiling" ? rateRow(one) : fullRow(one))),
  })).filter(({ rows }) => rows.length > 0);
}

const COLUMNS = [
  "",
  "per second",
  "range",
  "p50 ms",
  "p99 ms",
  "p99.9 ms",
  "worst ms",
  "CPU s / million",
  "peak RSS MiB",
  "bytes written / byte",
  "loop p50 ms",
  "loop p99 ms",
  "loop worst ms",
];

function rateRow({ title, runs }: SeriesResult): string[] {
  const spread = spreadOf(runs.map(({ perSecond }) => perSecond));
  if (spread === null) return [title, "–", ""];
  return [title, count(spread.median), spread.count > 1 ? `${count(spread.least)} to ${count(spread.most)}` : ""];
}

function fullRow(series: SeriesResult): string[] {
  const of = (pick: (run: RunResult) => number | null | undefined): number | null => medianOf(series.runs, pick);
  return [
    ...rateRow(series),
    decimal(of(({ latency }) => latency?.p50)),
    decimal(of(({ latency }) => latency?.p99)),
    decimal(of(({ latency }) => latency?.p999)),
    decimal(of(({ latency }) => latency?.worst)),
    decimal(of(({ cpuSecondsPerMillion }) => cpuSecondsPerMillion)),
    mebibytes(of(({ peakRssBytes }) => peakRssBytes)),
    decimal(of(({ writtenPerByte }) => writtenPerByte)),
    decimal(of(({ loopDelay }) => loopDelay?.p50)),
    decimal(of(({ loopDelay }) => loopDelay?.p99)),
    decimal(of(({ loopDelay }) => loopDelay?.worst)),
  ];
}

/** Over the runs that have the value; null if none has. */
export function medianOf(
  runs: readonly RunResult[],
  pick: (run: RunResult) => number | null | undefined,
): number | null {
  const values = runs.map(pick).filter((value) => value !== null && value !== undefined);
  return values.length === 0 ? null : median(values);
}
