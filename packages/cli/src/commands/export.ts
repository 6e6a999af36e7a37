import { Option } from "commander";
import type { CommonOptions, Context } from "../context.ts";
import { ExitCode } from "../exit-code.ts";
import { type ExportResult, exportMail } from "../export/exporter.ts";
import { chooseTarget } from "../mail/choose-target.ts";
import { MAIL_FORMATS, type MailFormat } from "../mail/mail-format.ts";
import { moment } from "../option-parsers.ts";
import { closedEntriesOf, requireSpool } from "../spool-access.ts";
import { formatBytes, formatCount, formatSeconds, plural } from "../terminal/format.ts";
import { addCommand, type Register } from "./command.ts";

interface ExportOptions extends CommonOptions {
  readonly format?: MailFormat;
  readonly before?: Date;
  readonly force?: boolean;
  readonly sync: boolean;
}

export const registerExport: Register = (program, perform) => {
  addCommand(program, {
    name: "export",
    summary: "write a spool's messages to an mbox file, a Maildir, .eml files or a stream",
    description:
      "Writes every message of a spool to an mbox file, a Maildir, a folder of .eml files named by id, or a stream " +
      "that keeps every byte and id; `-` is stdout. A file gets its name only when it is complete. Works on a " +
      "closed spool and does not change it.",
    examples: [
      "rockspool export ./spool all.mbox",
      "rockspool export ./spool ./messages/ --before 24h",
      "rockspool export ./spool - | gzip > all.mbox.gz",
      "rockspool export ./spool all.rockspool",
    ],
  })
    .argument("<spool>", "the spool's directory")
    .argument("<target>", "a file, a folder (an existing one, or one whose name ends with /), or `-`")
    .addOption(
      new Option(
        "--format <format>",
        "format of the target (default: that of an existing target; else eml for a folder, stream for *.rockspool, " +
          "mbox for a file)",
      ).choices(MAIL_FORMATS),
    )
    .option("--before <time>", "only messages created before this date, or longer ago than this age (24h)", moment)
    .option("-f, --force", "replace an existing file")
    .option("--no-sync", "do not sync what is written to the disk")
    .action((path: string, target: string, options: ExportOptions) =>
      perform(options, (context) => runExport(context, path, target, options)),
    );
};

async function runExport(context: Context, path: string, to: string, options: ExportOptions): Promise<ExitCode> {
  const { format, before, force = false, sync } = options;
  await requireSpool(path);
  const target = await chooseTarget(to, { format, force, sync }, context.out);
  let whole = true;
  const onLoss = (error: Error): void => {
    whole = false;
    context.reporter.error(error);
  };
  const entries = closedEntriesOf({ path, createdBefore: before, onLoss }, context.signal);
  const result = await exportMail(context, entries, target);
  await report(context, to, result);
  return whole && result.corrupt === 0 ? ExitCode.Ok : ExitCode.Failed;
}

/**
 * The summary goes to stderr, because stdout may carry the messages. With --json it goes to stdout, unless that is the
 * target.
 */
async function report({ json, out, reporter, signal }: Context, to: string, result: ExportResult): Promise<void> {
  const interrupted = signal.aborted;
  if (json && to !== "-") await out.json({ kind: "summary", target: to, ...result, interrupted });
  const { written, bytes, corrupt, seconds } = result;
  reporter.note(
    `${interrupted ? "interrupted: " : ""}${plural(written, "message")} written to ${to === "-" ? "stdout" : to} ` +
      `(${formatBytes(bytes)}) in ${formatSeconds(seconds)}${corrupt > 0 ? `; ${formatCount(corrupt)} corrupt` : ""}`,
  );
}
