import { type AcceptedLoss, acceptLoss } from "rockspool";
import type { CommonOptions, Context } from "../context.ts";
import { ExitCode } from "../exit-code.ts";
import { MAX_SHARDS, wholeNumber } from "../option-parsers.ts";
import { requireSpool } from "../spool-access.ts";
import { formatCount } from "../terminal/format.ts";
import { addCommand, type Register } from "./command.ts";

interface AcceptLossCommandOptions extends CommonOptions {
  readonly shard: number;
  readonly yes?: boolean;
  readonly beginEmpty?: boolean;
}

export const registerAcceptLoss: Register = (program, perform) => {
  addCommand(program, {
    name: "accept-loss",
    summary: "let a shard that lost data accept writes again",
    description:
      "Reports what a shard has lost. With --yes, the next open accepts writes on what is left. Damaged files may " +
      "be deleted later, so salvage the spool first. Works on a closed spool.",
    examples: ["rockspool accept-loss ./spool --shard 2", "rockspool accept-loss ./spool --shard 2 --yes"],
  })
    .argument("<spool>", "the spool's directory")
    .requiredOption("--shard <number>", "the shard's number, from 0", wholeNumber(0, MAX_SHARDS - 1))
    .option("--yes", "accept the loss; without this option nothing is changed")
    .option("--begin-empty", "also accept that the shard starts empty, if its message log is missing or empty")
    .action((path: string, options: AcceptLossCommandOptions) =>
      perform(options, (context) => run(context, path, options)),
    );
};

async function run(context: Context, path: string, options: AcceptLossCommandOptions): Promise<ExitCode> {
  await requireSpool(path);
  const { shard, yes = false, beginEmpty = false } = options;
  const loss = await acceptLoss({ path, shard, accept: yes, beginEmpty });
  if (context.json) await context.out.json(loss === null ? { shard, lost: false } : { shard, lost: true, ...loss });
  else await context.out.line(loss === null ? `shard ${shard} has lost nothing` : textOf(loss, options));
  return loss === null || loss.accepted ? ExitCode.Ok : ExitCode.Failed;
}

function textOf(loss: AcceptedLoss, { shard, yes = false }: AcceptLossCommandOptions): string {
  const { reason, missing, batch, beginsEmpty, movedTo, accepted } = loss;
  const lines = [`shard ${shard}: ${reason}`];
  if (missing !== null) lines.push(`missing  batches ${formatCount(missing.from)} to ${formatCount(missing.to)}`);
  lines.push(beginsEmpty ? "left     nothing that could be opened" : `left     all up to batch ${formatCount(batch)}`);
  if (movedTo !== null) lines.push(`moved    what was there, to ${movedTo}`);
  if (accepted) lines.push("accepted: the next open serves writes");
  else if (yes) lines.push("nothing was changed: --begin-empty accepts that the shard starts empty");
  else lines.push("nothing was changed: salvage what can be read, then accept with --yes");
  return lines.join("\n");
}
