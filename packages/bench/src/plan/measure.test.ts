import { existsSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { resultOf } from "../../test/run-result.ts";
import { temporaryDirectory } from "../../test/temporary-directory.ts";
import { DEFAULT_SPEC, type RunSpec } from "../run/run-spec.ts";
import type { Runner } from "../run/runner.ts";
import { WorkDirectory } from "../run/work-directory.ts";
import { type MeasureOptions, measure } from "./measure.ts";
import type { Fixture, RateOf, Series } from "./series.ts";

const FIXTURE: Fixture = { of: "rockspool", shards: 2, messages: 10, settled: true };

function series(id: string, rounds: Series["rounds"], fixture: Fixture | null = null): Series {
  const spec = (_rateOf: RateOf): RunSpec | null => ({ ...DEFAULT_SPEC, messages: id.length });
  return { id, section: "stores", title: id, rounds, fixture, subject: { kind: "peer", peer: "rockspool", spec } };
}

/** Records the runs and their directories. */
class RecordingRunner implements Runner {
  readonly runs: { readonly spec: RunSpec; readonly directory: string }[] = [];
  readonly order: string[] = [];
  fail: (spec: RunSpec) => boolean = () => false;

  async run(spec: RunSpec, directory: string) {
    this.runs.push({ spec, directory });
    if (!existsSync(directory)) throw new Error("no directory");
    if (this.fail(spec)) throw new Error("it failed\nsomewhere");
    return resultOf(this.runs.length);
  }

  async program(): Promise<string> {
    throw new Error("no program is run");
  }

  options(all: readonly Series[], rounds: number, work: WorkDirectory): MeasureOptions {
    return {
      series: all,
      rounds,
      work,
      runner: this,
      signal: new AbortController().signal,
      onProgress: (_done, next) => this.order.push(next?.id ?? "end"),
      onFailure: ({ id }, { message }) => this.order.push(`${id} failed: ${message}`),
    };
  }
}

describe("measure", () => {
  it("runs the series in turn, round after round, and some only in the first round", async () => {
    const runner = new RecordingRunner();
    const work = new WorkDirectory(temporaryDirectory());
    const measured = await measure(
      runner.options([series("a", "all"), series("b", "first"), series("c", "all")], 2, work),
    );
    expect(runner.order).toEqual(["a", "b", "c", "a", "c", "end"]);
    expect(measured.get("a")?.map((run) => run?.perSecond)).toEqual([1, 4]);
    expect(measured.get("b")).toHaveLength(1);
    expect(new Set(runner.runs.map(({ directory }) => directory)).size).toBe(5);
    expect(readdirSync(work.path)).toEqual([]);
  });

  it("records null for a run that fails, and continues", async () => {
    const runner = new RecordingRunner();
    runner.fail = ({ messages }) => messages === 2;
    const work = new WorkDirectory(temporaryDirectory());
    const measured = await measure(runner.options([series("aa", "all"), series("b", "all")], 1, work));
    expect(runner.order).toEqual(["aa", "aa failed: it failed\nsomewhere", "b", "end"]);
    expect(measured.get("aa")).toEqual([null]);
    expect(measured.get("b")).toHaveLength(1);
    expect(readdirSync(work.path)).toEqual([]);
  });

  it("makes a fixture once, before the first run that reads it, and removes it after the last", async () => {
    const runner = new RecordingRunner();
    const work = new WorkDirectory(temporaryDirectory());
    const options = runner.options(
      [series("a", "all", FIXTURE), series("b", "first", FIXTURE), series("c", "all")],
      2,
      work,
    );
    const kept: number[] = [];
    await measure({ ...options, onProgress: () => kept.push(readdirSync(work.path).length) });
    expect(runner.runs.map(({ spec }) => spec.workload)).toEqual([
      "populate",
      "store",
      "store",
      "store",
      "store",
      "store",
    ]);
    const [made, first, second, , again] = runner.runs.map(({ directory }) => directory);
    expect([first, second, again]).toEqual([made, made, made]);
    expect(kept).toEqual([0, 1, 1, 1, 0, 0]);
  });

  it("passes each series the rates of its round", async () => {
    const runner = new RecordingRunner();
    const seen: (number | null)[] = [];
    const spec = (rateOf: RateOf): null => {
      seen.push(rateOf("a"), rateOf("later"));
      return null;
    };
    const asking: Series = { ...series("b", "all"), subject: { kind: "peer", peer: "rockspool", spec } };
    const all = [series("a", "all"), asking, series("later", "all")];
    const measured = await measure(runner.options(all, 2, new WorkDirectory(temporaryDirectory())));
    expect(seen).toEqual([1, null, 3, null]);
    expect(measured.get("b")).toEqual([null, null]);
  });

  it("rejects with the reason of an abort, and reports no failure", async () => {
    const runner = new RecordingRunner();
    const controller = new AbortController();
    runner.fail = () => {
      controller.abort(new Error("enough"));
      return true;
    };
    const work = new WorkDirectory(temporaryDirectory());
    const options = { ...runner.options([series("a", "all"), series("b", "all")], 2, work), signal: controller.signal };
    await expect(measure(options)).rejects.toThrow("enough");
    expect(runner.order).toEqual(["a"]);
    expect(readdirSync(work.path)).toEqual([]);
  });
});
