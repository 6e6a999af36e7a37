import { readLayout } from "rockspool";
import type { CommonOptions, Context } from "../context.ts";
import { diskUse } from "../disk-use.ts";
import { ExitCode } from "../exit-code.ts";
import { entriesOf, openExisting, requireSpool } from "../spool-access.ts";
import { SpoolStats } from "../stats/spool-stats.ts";
import { type StatsResult, statsJson, statsText } from "../stats/stats-report.ts";
import { addCommand, type Register } from "./command.ts";

export const registerStats: Register = (program, perform) => {
  addCommand(program, {
    name: "stats",
    summary: "show what a spool holds and the health of its shards",
    description:
      "Reads a whole spool and prints how many messages it holds, their sizes as a histogram and percentiles, their " +
      "ages, its disk use and the health of each shard. The exit code is 1 where anything is damaged or could not " +
      "be read. Never creates a spool.",
    examples: ["rockspool stats ./spool", "rockspool stats ./spool --json | jq .sizes"],
  })
    .argument("<spool>", "the spool's directory")
    .action((path: string, options: CommonOptions) => perform(options, (context) => stats(context, path)));
};

async function stats(context: Context, path: string): Promise<ExitCode> {
  const result = await collect(context, path);
  await context.out.line(context.json ? JSON.stringify(statsJson(result)) : statsText(result, new Date()));
  const healthy = result.health.every(({ state, latched }) => state === "open" && !latched);
  return healthy && result.complete && result.stats.corrupt === 0 ? ExitCode.Ok : ExitCode.Failed;
}

async function collect(context: Context, path: string): Promise<StatsResult> {
  await requireSpool(path);
  // Measured while the spool is closed: an open one preallocates space for its logs.
  const diskBytes = await diskUse(path);
  await using spool = await openExisting(context, path);
  const version = (await readLayout(path))?.version ?? 0;
  const found = new SpoolStats();
  const progress = context.progress({ title: "reading", total: null, unit: "messages" });
  let complete = true;
  try {
    for await (const entry of entriesOf(spool, {}, context.signal)) {
      found.add(entry);
      progress.add(1);
    }
  } catch (error) {
    // A shard cannot be listed: the statistics of the others are still printed.
    complete = false;
    context.reporter.error(error);
  } finally {
    progress.stop();
  }
  return {
    path,
    version,
    shards: spool.shards,
    stats: found,
    diskBytes,
    health: spool.health(),
    complete: complete && !context.signal.aborted,
  };
}
