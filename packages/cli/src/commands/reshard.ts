import { type Resharded, reshardSpool } from "rockspool";
import type { CommonOptions, Context } from "../context.ts";
import { ExitCode } from "../exit-code.ts";
import { MAX_SHARDS, wholeNumber } from "../option-parsers.ts";
import { requireSpool } from "../spool-access.ts";
import { formatBytes, formatSeconds, plural } from "../terminal/format.ts";
import { addCommand, type Register } from "./command.ts";

interface ReshardCommandOptions extends CommonOptions {
  readonly shards: number;
}

export const registerReshard: Register = (program, perform) => {
  addCommand(program, {
    name: "reshard",
    summary: "copy a spool to one with another number of shards",
    description:
      "Copies every message of an undamaged spool, under its id, to a new spool, then compares the two. The new " +
      "spool gets its name when it is complete. Works on a closed spool and does not change it.",
    examples: ["rockspool reshard ./spool ./wider --shards 8"],
  })
    .argument("<source>", "the spool's directory")
    .argument("<destination>", "the new spool's directory, which must not exist")
    .requiredOption("--shards <count>", "number of shards of the new spool", wholeNumber(1, MAX_SHARDS))
    .action((source: string, destination: string, options: ReshardCommandOptions) =>
      perform(options, (context) => reshard(context, source, destination, options.shards)),
    );
};

async function reshard(context: Context, source: string, destination: string, shards: number): Promise<ExitCode> {
  await requireSpool(source);
  const progress = context.progress({ title: "copying", total: null, unit: "messages" });
  const started = performance.now();
  let result: Resharded;
  try {
    result = await reshardSpool({ source, destination, shards, signal: context.signal, onProgress: progress.add });
  } finally {
    progress.stop();
  }
  const seconds = (performance.now() - started) / 1000;
  if (context.json) await context.out.json({ destination, shards, ...result, seconds });
  const { messages, bytes } = result;
  context.reporter.note(
    `${plural(messages, "message")} copied to ${plural(shards, "shard")} and compared (${formatBytes(bytes)}) ` +
      `in ${formatSeconds(seconds)}`,
  );
  return ExitCode.Ok;
}
