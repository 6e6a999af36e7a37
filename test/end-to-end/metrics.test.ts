import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const SCRAPE = fileURLToPath(new URL("children/scrape.mjs", import.meta.url));

/** Each family of a scrape: its type, its help text and its series. */
function families(scrape: string): Map<string, { type: string; help: string; series: string[] }> {
  const found = new Map<string, { type: string; help: string; series: string[] }>();
  for (const block of scrape.trim().split(/\n(?=# HELP )/)) {
    const [, name = "", help = ""] = /^# HELP (\S+) (.+)/.exec(block) ?? [];
    const [, type = ""] = new RegExp(`^# TYPE ${name} (\\w+)$`, "m").exec(block) ?? [];
    expect(found.has(name), `${name} comes once`).toBe(false);
    const series = block.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    for (const line of series)
      expect(line, "is a sample of its family").toMatch(new RegExp(`^${name}(_bucket|_sum|_count)?{`));
    found.set(name, { type, help, series });
  }
  return found;
}

/**
 * `npm run check:metrics` asks promtool itself; this is what its rules come to here, for machines that do not have it.
 */
it("the metrics of a spool have types, help texts, names that fit Prometheus, and no series twice", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [SCRAPE, join(await temporaryDirectory(), "spool")]);
  const all = families(stdout);
  expect(all.size).toBeGreaterThan(20);
  for (const [name, { type, help, series }] of all) {
    expect(name).toMatch(/^(rocks_spool|rockspool)(_[a-z0-9]+)+$/);
    expect(name, "base units").not.toMatch(/_(milliseconds|microseconds|kilobytes|megabytes|ms|us|kb|mb|percent)(_|$)/);
    expect(type).toMatch(/^(counter|gauge|histogram|untyped)$/);
    // KumoMTA has gauges whose names end so; what has no type may.
    if (type !== "untyped") expect(name.endsWith("_total"), name).toBe(type === "counter");
    expect(help.length, `${name} has a help text`).toBeGreaterThan(20);
    const keys = series.map((line) => line.replace(/ \S+$/, ""));
    expect(new Set(keys).size, `${name}: no series twice`).toBe(keys.length);
    for (const key of keys) expect(key).toContain('path="');
  }
  expect(all.get("rockspool_operations_total")?.series.join("\n")).toMatch(/operation="store",outcome="synced"} 1$/m);
});
