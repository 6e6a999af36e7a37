import { type SpoolVerdict, type VerifiedShard, verifySpool } from "rockspool";
import type { CommonOptions, Context } from "../context.ts";
import { ExitCode } from "../exit-code.ts";
import { requireShards } from "../spool-access.ts";
import { formatBytes, formatCount, plural } from "../terminal/format.ts";
import { addCommand, type Register } from "./command.ts";

export const registerVerify: Register = (program, perform) => {
  addCommand(program, {
    name: "verify",
    summary: "read every message, and report what is damaged or lost",
    description:
      "Reads every message, checks every value and every shard's mark, and changes no file. The exit code is 0 only " +
      "if nothing is damaged or lost. Works on a closed spool.",
    examples: ["rockspool verify ./spool", "rockspool verify ./spool --json | jq .shards"],
  })
    .argument("<spool>", "the spool's directory")
    .action((path: string, options: CommonOptions) => perform(options, (context) => verify(context, path)));
};

async function verify(context: Context, path: string): Promise<ExitCode> {
  await requireShards(path);
  const progress = context.progress({ title: "verifying", total: null, unit: "messages" });
  const started = performance.now();
  let verdict: SpoolVerdict;
  try {
    verdict = await verifySpool({ path, signal: context.signal, onProgress: progress.add });
  } finally {
    progress.stop();
  }
  const seconds = (performance.now() - started) / 1000;
  if (context.json) await context.out.json({ path, ...verdict, seconds });
  else await context.out.line(textOf(verdict));
  return verdict.ok ? ExitCode.Ok : ExitCode.Failed;
}

function textOf({ ok, layoutError, messages, bytes, shards }: SpoolVerdict): string {
  const lines = shards.flatMap(shardLines);
  if (layoutError !== null) lines.unshift(layoutError);
  lines.push(`${ok ? "all is well" : "not all is well"}: ${plural(messages, "message")}, ${formatBytes(bytes)}`);
  return lines.join("\n");
}

function shardLines({ index, state, reason, messages, bytes, corrupt, missingBatches }: VerifiedShard): string[] {
  const lines = [`shard ${index}: ${state}, ${plural(messages, "message")}, ${formatBytes(bytes)}`];
  if (reason !== null) lines.push(`  ${reason}`);
  if (missingBatches !== null)
    lines.push(
      `  batches ${formatCount(missingBatches.from)} to ${formatCount(missingBatches.to)} are missing, all or some`,
    );
  for (const { id, key, error } of corrupt) lines.push(`  corrupt ${id ?? `key ${key}`}: ${error}`);
  return lines;
}
