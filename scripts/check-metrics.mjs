// @ts-check
// npm run check:metrics: puts a spool's metrics through `promtool check metrics`, which Debian has in its package
// prometheus.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { report, run } from "./run.mjs";
import { setup } from "./setup.mjs";

async function check() {
  const directory = await mkdtemp(join(tmpdir(), "rockspool-metrics-"));
  try {
    const scrape = await run(process.execPath, ["test/end-to-end/children/scrape.mjs", join(directory, "spool")]);
    if (!scrape.ok) return scrape;
    const file = join(directory, "metrics.txt");
    await writeFile(file, scrape.output);
    // promtool reads standard input only.
    return await run("sh", ["-c", 'promtool check metrics < "$1"', "sh", file]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function providePromtool() {
  const apt = await run("apt-get", ["install", "-y", "--no-install-recommends", "prometheus"]);
  if (apt.ok) return apt;
  return {
    ok: false,
    output: `${apt.output}promtool is needed: install Prometheus, on Debian with apt-get install prometheus\n`,
  };
}

const hasPromtool = (await run("promtool", ["--version"])).ok;
const ready = (await setup()) && (hasPromtool || (await report("promtool", providePromtool)));
process.exitCode = ready && (await report("promtool check metrics", check)) ? 0 : 1;
