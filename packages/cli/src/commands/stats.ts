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
    summary: "say what is in a spool and how it is",
    description:
      "Reads a whole spool and prints how many messages it holds, their sizes as a histogram and percentiles, their ages, " +
      "the disk it takes and the health of each shard. The exit code is 1 where anything is damaged or could not be read. " +
      "Never makes a spool where there is none.",
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
  // Before it is opened: an open spool keeps space for logs that it may never write.
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
    // A shard that cannot be listed: what the others hold is still worth knowing.
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
