import type { CommonOptions, Context } from "../context.ts";
import { diskUse } from "../disk-use.ts";
import { ExitCode } from "../exit-code.ts";
import { openExisting, requireSpool } from "../spool-access.ts";
import { formatBytes, formatSeconds } from "../terminal/format.ts";
import { addCommand, type Register } from "./command.ts";

export const registerCompact: Register = (program, perform) => {
  addCommand(program, {
    name: "compact",
    summary: "free the disk space of removed messages",
    description: "Gives back the disk space of removed messages, and prints the disk space before and after.",
    examples: ["rockspool compact ./spool"],
  })
    .argument("<spool>", "the spool's directory")
    .action((path: string, options: CommonOptions) => perform(options, (context) => compact(context, path)));
};

async function compact(context: Context, path: string): Promise<ExitCode> {
  await requireSpool(path);
  // Measured while the spool is closed: an open one preallocates space for its logs.
  const before = await diskUse(path);
  const seconds = await compactClosing(context, path);
  const after = await diskUse(path);
  if (context.json) await context.out.json({ diskBytesBefore: before, diskBytesAfter: after, seconds });
  else {
    await context.out.line(
      `before  ${formatBytes(before)}\nafter   ${formatBytes(after)}\ntook    ${formatSeconds(seconds)}`,
    );
  }
  return ExitCode.Ok;
}

/** Resolves to the seconds it took, when the spool is closed again. */
async function compactClosing(context: Context, path: string): Promise<number> {
  await using spool = await openExisting(context, path);
  const started = performance.now();
  await spool.compact({ signal: context.signal });
  return (performance.now() - started) / 1000;
}
