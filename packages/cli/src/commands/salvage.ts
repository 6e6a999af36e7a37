import { type Salvaged, type SalvageProblem, salvageSpool } from "rockspool";
import type { CommonOptions, Context } from "../context.ts";
import { ExitCode } from "../exit-code.ts";
import { requireShards } from "../spool-access.ts";
import { formatBytes, formatCount, formatSeconds, plural } from "../terminal/format.ts";
import { addCommand, type Register, shardsOption } from "./command.ts";

interface SalvageCommandOptions extends CommonOptions {
  readonly shards?: number;
}

export const registerSalvage: Register = (program, perform) => {
  addCommand(program, {
    name: "salvage",
    summary: "copy what can be read of a damaged spool to a new one",
    description:
      "Copies what can be read of a damaged spool's message logs to a new one. Lists on stdout what is lost or " +
      "doubtful. The new spool gets its name when it is complete. Works on a closed spool and does not change it.",
    examples: ["rockspool salvage ./spool ./salvaged", "rockspool salvage ./spool ./salvaged --json > findings.jsonl"],
  })
    .argument("<source>", "the damaged spool's directory")
    .argument("<destination>", "the new spool's directory, which must not exist")
    .addOption(
      shardsOption("number of shards of the source, where rockspool.json is lost (default: as many as are found)"),
    )
    .action((source: string, destination: string, options: SalvageCommandOptions) =>
      perform(options, (context) => salvage(context, source, destination, options)),
    );
};

async function salvage(
  context: Context,
  source: string,
  destination: string,
  { shards }: SalvageCommandOptions,
): Promise<ExitCode> {
  await requireShards(source);
  const { json, out, signal } = context;
  const onProblem = (problem: SalvageProblem) => (json ? out.json(problem) : out.line(problemText(problem)));
  const progress = context.progress({ title: "salvaging", total: null, unit: "messages" });
  const started = performance.now();
  let result: Salvaged;
  try {
    result = await salvageSpool({ source, destination, shards, signal, onProgress: progress.add, onProblem });
  } finally {
    progress.stop();
  }
  const seconds = (performance.now() - started) / 1000;
  if (json) await out.json({ kind: "summary", destination, ...result, seconds });
  else await out.line(summaryText(result));
  context.reporter.note(
    `${plural(result.messages, "message")} salvaged (${formatBytes(result.bytes)}) in ${formatSeconds(seconds)}`,
  );
  return result.complete ? ExitCode.Ok : ExitCode.Failed;
}

function problemText(problem: SalvageProblem): string {
  if (problem.kind === "doubtful") return `doubtful  ${problem.id}`;
  if (problem.kind === "lost") return `lost      ${problem.id ?? `key ${problem.key}`}: ${problem.error}`;
  const { file, offset, length, reason } = problem;
  return `damage    ${file}, ${formatBytes(length)} from byte ${formatCount(offset)}: ${reason}`;
}

function summaryText({ complete, layoutError, messages, lost, doubtful, shards }: Salvaged): string {
  const lines = layoutError === null ? [] : [layoutError];
  for (const { index, state, reason, source, missingBatches: missing } of shards) {
    lines.push(`shard ${index}: ${state}, read through ${source}${reason === null ? "" : `; ${reason}`}`);
    if (missing !== null)
      lines.push(`  batches ${formatCount(missing.from)} to ${formatCount(missing.to)} are missing, all or some`);
  }
  const rest = complete
    ? "nothing is lost"
    : `${formatCount(doubtful)} of them doubtful, ${formatCount(lost)} known to be lost`;
  lines.push(`${plural(messages, "message")} salvaged, ${rest}`);
  return lines.join("\n");
}
