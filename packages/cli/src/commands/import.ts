import { Option } from "commander";
import type { CommonOptions, Context } from "../context.ts";
import { ExitCode } from "../exit-code.ts";
import { type ImportResult, importMail } from "../import/importer.ts";
import { MAX_STORED_BYTES } from "../mail/limits.ts";
import { MAIL_FORMATS, type MailFormat } from "../mail/mail-format.ts";
import { wholeNumber } from "../option-parsers.ts";
import { openOrCreate } from "../spool-access.ts";
import { formatBytes, formatCount, formatSeconds, plural } from "../terminal/format.ts";
import { addCommand, type Register, shardsOption } from "./command.ts";

const DEFAULT_CONCURRENCY = 256;
const MAX_CONCURRENCY = 10_000;

interface ImportOptions extends CommonOptions {
  readonly format?: MailFormat;
  readonly sync?: boolean;
  readonly keepIds?: boolean;
  readonly shards?: number;
  readonly concurrency: number;
}

export const registerImport: Register = (program, perform) => {
  addCommand(program, {
    name: "import",
    summary: "store mail from mbox files, Maildirs, .eml files and streams",
    description:
      "Stores every message of the sources: mbox files, Maildirs (cur and new), folders of .eml files (with their " +
      "subfolders), single .eml files, streams that `export` made, or an mbox or a stream on stdin (`-`). Creates " +
      "the spool if there is none. A message that cannot be read is reported, counted and skipped; the exit code is " +
      "then 1.",
    examples: [
      "rockspool import ./spool ~/Mail/inbox.mbox ~/Maildir",
      "zcat old.mbox.gz | rockspool import ./spool - --sync",
      "rockspool export ./spool - --format stream | rockspool import ./copy - --format stream",
    ],
  })
    .argument("<spool>", "the spool's directory")
    .argument("<source...>", "files and folders, or `-`")
    .addOption(
      new Option("--format <format>", "format of the sources (default: detected for each)").choices(MAIL_FORMATS),
    )
    .option("--sync", "count a message as stored only when it is on the disk")
    .option("--keep-ids", "store messages that `rockspool export` wrote under the ids they had")
    .addOption(shardsOption())
    .option(
      "--concurrency <count>",
      "messages in flight at a time",
      wholeNumber(1, MAX_CONCURRENCY),
      DEFAULT_CONCURRENCY,
    )
    .action((path: string, sources: string[], options: ImportOptions) =>
      perform(options, (context) => runImport(context, path, sources, options)),
    );
};

async function runImport(context: Context, path: string, sources: string[], options: ImportOptions): Promise<ExitCode> {
  const result = await importInto(context, path, sources, options);
  await report(context, result);
  return result.failed > 0 || result.stopped ? ExitCode.Failed : ExitCode.Ok;
}

/** Resolves when the spool is closed, so that the counts reported after it are final. */
async function importInto(
  context: Context,
  path: string,
  sources: string[],
  options: ImportOptions,
): Promise<ImportResult> {
  // A stream may hold messages as large as a spool takes. The importer limits the bytes that are pending.
  await using spool = await openOrCreate(context, path, options.shards, MAX_STORED_BYTES);
  return await importMail(context, spool, {
    sources,
    format: options.format,
    sync: options.sync ?? false,
    keepIds: options.keepIds ?? false,
    concurrency: options.concurrency,
  });
}

async function report({ json, out, reporter, signal }: Context, result: ImportResult): Promise<void> {
  const interrupted = signal.aborted;
  if (json) await out.json({ kind: "summary", ...result, interrupted });
  const { stored, failed, bytes, seconds } = result;
  const rate = seconds > 0 ? `, ${formatCount(stored / seconds)}/s` : "";
  reporter.note(
    `${interrupted ? "interrupted: " : ""}${plural(stored, "message")} stored (${formatBytes(bytes)}) in ` +
      `${formatSeconds(seconds)}${rate}${failed > 0 ? `; ${formatCount(failed)} failed` : ""}`,
  );
}
