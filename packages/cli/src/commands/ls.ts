import type { SpoolEntry } from "rockspool";
import type { CommonOptions, Context } from "../context.ts";
import { messageOf } from "../errors.ts";
import { ExitCode } from "../exit-code.ts";
import { moment, wholeNumber } from "../option-parsers.ts";
import { entriesOf, openExisting } from "../spool-access.ts";
import { plural } from "../terminal/format.ts";
import { addCommand, type Register } from "./command.ts";

interface LsOptions extends CommonOptions {
  readonly before?: Date;
  readonly limit?: number;
}

export const registerLs: Register = (program, perform) => {
  addCommand(program, {
    name: "ls",
    summary: "list the messages of a spool",
    description:
      "Lists the messages of a spool, one per line, in no particular order: id, time of creation, size in bytes. A " +
      "message that cannot be read is listed as corrupt, and makes the exit code 1.",
    examples: ["rockspool ls ./spool --limit 10", "rockspool ls ./spool --before 24h | sort -k2"],
  })
    .argument("<spool>", "the spool's directory")
    .option("--before <time>", "only messages created before this date, or longer ago than this age (24h)", moment)
    .option("--limit <count>", "stop after this many messages", wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .action((path: string, options: LsOptions) => perform(options, (context) => list(context, path, options)));
};

async function list(context: Context, path: string, { before, limit = Infinity }: LsOptions): Promise<ExitCode> {
  await using spool = await openExisting(context, path);
  let listed = 0;
  let corrupt = 0;
  if (limit > 0) {
    for await (const entry of entriesOf(spool, { createdBefore: before }, context.signal)) {
      await context.out.line(context.json ? JSON.stringify(toJson(entry)) : toText(entry));
      if (entry.kind === "corrupt") corrupt++;
      if (++listed >= limit) break;
    }
  }
  if (context.signal.aborted) context.reporter.note(`interrupted: ${plural(listed, "message")} listed`);
  return corrupt > 0 ? ExitCode.Failed : ExitCode.Ok;
}

function toText(entry: SpoolEntry): string {
  if (entry.kind === "item") return `${entry.id}  ${entry.id.created.toISOString()}  ${entry.data.length}`;
  return `${entry.key}  corrupt: ${messageOf(entry.error)}`;
}

function toJson(entry: SpoolEntry): object {
  if (entry.kind === "item") return { kind: "item", id: entry.id, created: entry.id.created, bytes: entry.data.length };
  return { kind: "corrupt", id: entry.id, key: entry.key, error: messageOf(entry.error) };
}
