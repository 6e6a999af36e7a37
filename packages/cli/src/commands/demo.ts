import type { CommonOptions, Context } from "../context.ts";
import { demoJson, demoText } from "../demo/demo-report.ts";
import { createWorkspace } from "../demo/workspace.ts";
import { ExitCode } from "../exit-code.ts";
import { wholeNumber } from "../option-parsers.ts";
import { addCommand, type Register, shardsOption } from "./command.ts";

const DEFAULT_MESSAGES = 20_000;
const MAX_MESSAGES = 10_000_000;
const DEFAULT_SEED = 1;

interface DemoOptions extends CommonOptions {
  readonly messages: number;
  readonly path?: string;
  readonly shards?: number;
  readonly seed: number;
  readonly keep?: boolean;
}

export const registerDemo: Register = (program, perform) => {
  addCommand(program, {
    name: "demo",
    summary: "store, list, compare, remove and compact composed mail, and print rates and latencies",
    description:
      "Composes MIME messages (text, HTML, attachments, 1 KiB to 1 MiB), stores them over all shards, half of them " +
      "synced, closes and reopens the spool, compares every byte of every message, removes a random half, " +
      "compacts, compares again, and prints rates, latencies, compression and disk use. The exit code is 1 if " +
      "anything differs. Works in a temporary directory that is removed at the end.",
    examples: ["rockspool demo", "rockspool demo --messages 1000 --shards 4 --path ./spool"],
  })
    .option("--messages <count>", "number of messages", wholeNumber(2, MAX_MESSAGES), DEFAULT_MESSAGES)
    .option("--path <dir>", "create the spool here, and keep it")
    .addOption(shardsOption())
    .option(
      "--seed <number>",
      "the same seed composes the same messages",
      wholeNumber(0, Number.MAX_SAFE_INTEGER),
      DEFAULT_SEED,
    )
    .option("--keep", "keep the spool in the temporary directory")
    .action((options: DemoOptions) => perform(options, (context) => demo(context, options)));
};

async function demo(context: Context, { messages, path, shards, seed, keep = false }: DemoOptions): Promise<ExitCode> {
  // Imported here, because the composer's libraries would slow down the start of every other command.
  const { runDemo } = await import("../demo/demo.ts");
  const workspace = await createWorkspace(path, keep, messages);
  const { spoolPath, mailPath, keptPath } = workspace;
  try {
    const result = await runDemo(context, { messages, seed, shards, spoolPath, mailPath });
    await context.out.line(context.json ? JSON.stringify(demoJson(result)) : demoText(result));
  } finally {
    await workspace.close();
    context.reporter.note(keptPath === null ? "The demo's files were removed." : `The spool is in ${keptPath}.`);
  }
  return ExitCode.Ok;
}
