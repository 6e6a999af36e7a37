import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { startProgress } from "@rockspool/cli/terminal";
import type { BenchOptions } from "./bench-options.ts";
import { describeMachine } from "./machine/machine.ts";
import { commitOf, packageVersions } from "./machine/versions.ts";
import { findAvailable, firstLine } from "./plan/available.ts";
import { type Effort, FULL, QUICK, withLarge } from "./plan/effort.ts";
import { evaluate } from "./plan/evaluate.ts";
import { GOALS } from "./plan/goals.ts";
import { countRuns, type Measured, measure } from "./plan/measure.ts";
import { plan } from "./plan/plan.ts";
import type { Series } from "./plan/series.ts";
import { count, decimal, goalBound, goalValue, goalVerdict } from "./report/format.ts";
import type { LeftOut, Results, SeriesResult } from "./report/results.ts";
import { medianOf } from "./report/tables.ts";
import { writeMarkdown, writeReport } from "./report/write-report.ts";
import { Children } from "./run/children.ts";
import { listenForInterrupts } from "./run/interrupts.ts";
import { WorkDirectory } from "./run/work-directory.ts";
import { selectByName, UserError } from "./user-error.ts";

const WHY_MISSED = "Why goals are missed, and what would be needed: [where the time goes](where-time-goes.md).";

const MS_PER_SECOND = 1000;

/** Measures, or reads a results.json, and writes the report. Resolves to false if a run of rockspool failed. */
export async function bench(options: BenchOptions, root: string): Promise<boolean> {
  const results = options.from === null ? await measureAll(options, root) : readResults(options.from);
  const report = resolve(root, options.report);
  writeReport(results, report);
  if (options.publish) writeMarkdown(results, join(root, "docs"), "performance.md", "performance", [WHY_MISSED]);
  for (const line of options.only === null ? goalLines(results) : seriesLines(results)) console.log(line);
  console.log(`${report}/report.html`);
  return results.leftOut.every(({ what }) => !what.startsWith("rockspool"));
}

function readResults(path: string): Results {
  let results: Results;
  try {
    results = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new UserError(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  if (results.format !== 1) throw new UserError(`${path} has a format that this version cannot read`);
  return results;
}

async function measureAll(options: BenchOptions, root: string): Promise<Results> {
  const started = new Date();
  const machine = describeMachine(options.directory ?? tmpdir());
  const children = new Children();
  const signal = listenForInterrupts(children);
  const work = new WorkDirectory(options.directory ?? tmpdir());
  try {
    const effort = effortOf(options);
    const wanted = selectByName(plan(effort), options.only, ({ id }) => id);
    const available = await findAvailable(wanted, children, work, signal);
    const { series } = available;
    const leftOut: LeftOut[] = [...available.leftOut];
    const total = countRuns(series, effort.rounds);
    const progress = startProgress(process.stderr, { title: "", total, unit: "runs", announce: true });
    for (const { what, why } of leftOut) progress.say(`left out: ${what}: ${why}`);
    let measured: Measured;
    try {
      measured = await measure({
        series,
        rounds: effort.rounds,
        runner: children,
        work,
        signal,
        onProgress: (done, next) => progress.set(done, next?.title ?? ""),
        onFailure: ({ id }, error) => {
          leftOut.push({ what: id, why: firstLine(error) });
          progress.say(`failed: ${id}: ${error.message}`);
        },
      });
    } finally {
      progress.stop();
    }
    return {
      format: 1,
      mode: effort.name,
      rounds: effort.rounds,
      startedAt: started.toISOString(),
      seconds: (Date.now() - started.getTime()) / MS_PER_SECOND,
      commit: await commitOf(root),
      machine,
      versions: { ...packageVersions(), ...(available.dbBench !== null && { db_bench: available.dbBench }) },
      goals: evaluate(GOALS, measured, effort.rounds),
      series: series.map((one) => resultOf(one, measured)),
      leftOut,
    };
  } finally {
    await children.end();
    work.remove();
  }
}

function effortOf({ quick, large }: BenchOptions): Effort {
  const effort = quick ? QUICK : FULL;
  return large ? withLarge(effort) : effort;
}

function resultOf({ id, section, title, subject }: Series, measured: Measured): SeriesResult {
  const runs = (measured.get(id) ?? []).filter((run) => run !== null);
  return { id, section, title, subject: subject.kind === "peer" ? subject.peer : "db_bench", runs };
}

/** A line for each goal. */
function goalLines({ goals }: Results): string[] {
  return goals.map((goal) => {
    const value = goal.spread === null ? "–" : goalValue(goal.spread.median, goal.unit);
    return `${goalVerdict(goal).padEnd(13)} ${value.padStart(9)}  ${goalBound(goal).padEnd(12)} ${goal.title}`;
  });
}

/** A line for each series: with --only, goals lack the series they need. */
function seriesLines({ series }: Results): string[] {
  return series.map(({ title, runs }) => {
    const rate = medianOf(runs, ({ perSecond }) => perSecond);
    const p99 = medianOf(runs, ({ latency }) => latency?.p99);
    return `${count(rate).padStart(11)} per second${p99 === null ? "" : `, p99 ${decimal(p99)} ms`}: ${title}`;
  });
}
