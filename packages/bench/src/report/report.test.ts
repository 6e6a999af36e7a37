import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { resultOf } from "../../test/run-result.ts";
import { temporaryDirectory } from "../../test/temporary-directory.ts";
import { evaluate } from "../plan/evaluate.ts";
import { GOALS } from "../plan/goals.ts";
import { ids } from "../plan/series-ids.ts";
import { charts } from "./chart-data.ts";
import { renderHtml } from "./html.ts";
import { renderMarkdown } from "./markdown.ts";
import type { Results, SeriesResult } from "./results.ts";
import { writeReport } from "./write-report.ts";

const latency = { count: 9, mean: 2, p50: 1.5, p90: 2, p99: 3, p999: 12.345, p9999: 20, worst: 250 };
const loopDelay = { p50: 0.02, p99: 4.5, worst: 30 };
const figures = {
  latency,
  loopDelay,
  cpuSecondsPerMillion: 8.25,
  peakRssBytes: 300 * 1024 * 1024,
  writtenPerByte: 2.06,
};

function series(id: string, section: SeriesResult["section"], rates: readonly number[]): SeriesResult {
  const subject = id.split(":", 1)[0] as string;
  const runs = rates.map((rate) => resultOf(rate, subject === "db_bench" ? {} : figures));
  return { id, section, title: id, subject, runs };
}

const SERIES = [
  series(ids.fillRandom(128, 1), "ceiling", [200_000, 220_000]),
  series(ids.store("rockspool", 512), "stores", [190_000, 195_000]),
  series(ids.store("rockspool", 2048), "stores", [210_000, 231_000]),
  series(ids.store("lmdb", 512), "stores", [90_000, 100_000]),
];

const RESULTS: Results = {
  format: 1,
  mode: "quick",
  rounds: 2,
  startedAt: "2025-01-02T03:04:05.000Z",
  seconds: 90,
  commit: "abc1234",
  machine: {
    cpu: "A <fast> one",
    cores: 2,
    memoryBytes: 24 * 1024 ** 3,
    system: "Linux 6.1",
    node: "v20.20.2",
    fileSystem: "ext4",
    loadBefore: 0,
  },
  versions: { rockspool: "0.1.0", lmdb: "3.5.6" },
  goals: evaluate(GOALS, new Map(SERIES.map(({ id, runs }) => [id, runs])), 2),
  series: SERIES,
  leftOut: [{ what: "better-sqlite3", why: "no | binary" }],
};

describe("the Markdown report", () => {
  const text = renderMarkdown(RESULTS);
  const lines = text.split("\n");

  it("describes the machine and the versions", () => {
    expect(text).toContain("- A <fast> one, 2 cores, 24 GiB of memory, Linux 6.1, Node v20.20.2, ext4");
    expect(text).toContain("rockspool 0.1.0, lmdb 3.5.6; commit abc1234 of rockspool");
  });

  it("shows each goal with its bound, median, range and verdict", () => {
    expect(lines).toContain(
      "| stores, 2,048 in flight ÷ fillrandom, 128 a write | ≥ 1.00 | 1.05 | 1.05 to 1.05 (2) | met |",
    );
    expect(lines).toContain(
      "| event-loop delay, p99, at full load | ≤ 5.00 ms | 4.50 ms | 4.50 ms to 4.50 ms (2) | met |",
    );
    expect(lines).toContain("| synced ÷ unsynced stores, 512 in flight | ≥ 0.75 | – |  | not measured |");
  });

  it("shows the median and range of each series, and only the rate of db_bench", () => {
    expect(lines).toContain("| db_bench: fillrandom, 128 a write, 1 thread | 210,000 | 200,000 to 220,000 |");
    expect(lines).toContain(
      "| lmdb: store, 512 in flight | 95,000 | 90,000 to 100,000 | 1.50 | 3.00 | 12.3 | 250 | 8.25 | 300 | 2.06 | 0.02 | 4.50 | 30.0 |",
    );
  });

  it("lists what was left out, and why", () => {
    expect(lines).toContain("- better-sqlite3: no | binary");
  });

  it("warns of a busy machine, and of a directory in memory", () => {
    const machine = { ...RESULTS.machine, loadBefore: 3, fileSystem: "tmpfs" };
    const warned = renderMarkdown({ ...RESULTS, machine });
    expect(warned).toContain("not idle");
    expect(warned).toContain("in memory");
    expect(text).not.toContain("not idle");
    expect(text).not.toContain("in memory");
  });
});

describe("charts", () => {
  const all = charts(RESULTS);

  it("are only those with values", () => {
    expect(all.map(({ name }) => name)).toEqual([
      "stores-in-flight",
      "ratio-to-ceiling",
      "latency",
      "event-loop-delay",
    ]);
  });

  it("have a gap where nothing was measured, and one colour for each peer", () => {
    const [inFlight] = all;
    expect(inFlight?.series.map(({ name, colour, values }) => ({ name, colour, values }))).toEqual([
      { name: "rockspool", colour: 0, values: [null, null, 192_500, 220_500] },
      { name: "lmdb", colour: 2, values: [null, null, 95_000, null] },
    ]);
  });

  it("show ratios to db_bench", () => {
    const ratios = all.find(({ name }) => name === "ratio-to-ceiling");
    expect(ratios?.categories).toEqual(["rockspool, 512", "rockspool, 2048", "lmdb, 512"]);
    expect(ratios?.series[0]?.values.map((value) => value?.toFixed(2))).toEqual(["0.92", "1.05", "0.45"]);
  });
});

describe("the HTML report", () => {
  const html = renderHtml(RESULTS);

  it("needs no other file and no script", () => {
    expect(html).not.toMatch(/<script|<link|@import|url\((?!#)|src=/);
  });

  it("has each chart in a light and a dark version", () => {
    expect(html.match(/<div class="only-light"><svg /g)).toHaveLength(4);
    expect(html.match(/<div class="only-dark"><svg /g)).toHaveLength(4);
    expect(html).toContain("prefers-color-scheme:dark");
  });

  it("shows goals and results, and escapes markup", () => {
    expect(html).toContain("<h2>Goals: 3 of 13 met</h2>");
    expect(html).toContain("<td>95,000</td>");
    expect(html).toContain("A &lt;fast&gt; one");
    expect(html).not.toContain("<fast>");
  });

  it("closes all tags", () => {
    for (const tag of ["section", "table", "tr", "td", "div", "figure", "svg", "ul"]) {
      const opened = html.match(new RegExp(`<${tag}[ >]`, "g"))?.length;
      expect([tag, html.match(new RegExp(`</${tag}>`, "g"))?.length]).toEqual([tag, opened]);
    }
  });
});

describe("writeReport", () => {
  it("writes JSON, HTML, and Markdown with its charts", () => {
    const directory = join(temporaryDirectory(), "report");
    writeReport(RESULTS, directory);
    expect(readdirSync(directory).sort()).toEqual(["charts", "report.html", "report.md", "results.json"]);
    expect(JSON.parse(readFileSync(join(directory, "results.json"), "utf8"))).toEqual(RESULTS);
    const shown = readFileSync(join(directory, "report.md"), "utf8").matchAll(/(?:src|srcset)="([^"]+)"/g);
    const paths = [...shown].map(([, path]) => path as string);
    expect(paths).toHaveLength(8);
    for (const path of paths) expect(readFileSync(join(directory, path), "utf8")).toMatch(/^<svg /);
  });
});
