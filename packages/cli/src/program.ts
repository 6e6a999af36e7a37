import { createRequire } from "node:module";
import { Command, CommanderError } from "commander";
import { registerAcceptLoss } from "./commands/accept-loss.ts";
import type { Perform, Register } from "./commands/command.ts";
import { registerCompact } from "./commands/compact.ts";
import { registerDemo } from "./commands/demo.ts";
import { registerExport } from "./commands/export.ts";
import { registerGet } from "./commands/get.ts";
import { registerImport } from "./commands/import.ts";
import { registerLs } from "./commands/ls.ts";
import { registerPut } from "./commands/put.ts";
import { registerReshard } from "./commands/reshard.ts";
import { registerRm } from "./commands/rm.ts";
import { registerSalvage } from "./commands/salvage.ts";
import { registerStats } from "./commands/stats.ts";
import { registerVerify } from "./commands/verify.ts";
import { type Context, interruption } from "./context.ts";
import { exitCodeOf, firstError, isAbortError, OutputClosedError, UsageError } from "./errors.ts";
import { EXIT_CODES_HELP, ExitCode } from "./exit-code.ts";
import type { HostProcess, OutputStream } from "./host-process.ts";
import { listenForInterrupts } from "./interrupt.ts";
import { Output } from "./terminal/output.ts";
import { Reporter } from "./terminal/reporter.ts";

const COMMANDS: readonly Register[] = [
  registerImport,
  registerExport,
  registerLs,
  registerGet,
  registerPut,
  registerRm,
  registerStats,
  registerCompact,
  registerVerify,
  registerSalvage,
  registerAcceptLoss,
  registerReshard,
  registerDemo,
];

/** Runs the command line and resolves to the exit code. Rejects for bugs only. `process.exitCode` is not set. */
export async function run(args: readonly string[], host: HostProcess = process): Promise<ExitCode> {
  let exitCode: ExitCode = ExitCode.Ok;
  const out = new Output(host.stdout);
  const perform: Perform = async (options, work) => {
    const { json = false, quiet = false, debug = false } = options;
    const reporter = new Reporter(host.stderr, { json, quiet, debug });
    const signal = listenForInterrupts(host);
    const context: Context = {
      json,
      get stdin() {
        return host.stdin;
      },
      out,
      reporter,
      signal,
      showsBar: reporter.showsBar,
      progress: (of) => reporter.progress(of),
    };
    exitCode = await outcomeOf(context, work);
  };

  try {
    await createProgram(perform, host, out).parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return usageOutcome(error, args, host, out);
  }
  return exitCode;
}

async function outcomeOf(context: Context, work: (context: Context) => Promise<ExitCode>): Promise<ExitCode> {
  const { out, reporter, signal } = context;
  try {
    const exitCode = await work(context);
    await out.flush();
    return interruption(signal)?.exitCode ?? exitCode;
  } catch (thrown) {
    const error = firstError(thrown);
    if (error instanceof OutputClosedError) return ExitCode.Ok;
    // Results that were printed before the failure are still valid.
    await out.flush().catch(() => {});
    const interrupted = interruption(signal);
    // A read that the signal ended rejects with an AbortError; the InterruptedError says why.
    reporter.error(isAbortError(error) ? (interrupted ?? error) : error);
    return interrupted?.exitCode ?? exitCodeOf(error);
  }
}

/** Commander throws for --help and --version too, with exit code 0. `commander.help`: no command was given. */
async function usageOutcome(
  error: CommanderError,
  args: readonly string[],
  host: HostProcess,
  out: Output,
): Promise<ExitCode> {
  if (error.exitCode === 0) {
    await out.flush().catch((error: unknown) => {
      if (!(error instanceof OutputClosedError)) throw error;
    });
    return ExitCode.Ok;
  }
  if (error.code !== "commander.help") {
    const reporter = new Reporter(host.stderr, { json: args.includes("--json"), quiet: false, debug: false });
    reporter.error(new UsageError(error.message.replace(/^error: /, "")));
  }
  return ExitCode.Usage;
}

function createProgram(perform: Perform, { stdout, stderr }: HostProcess, out: Output): Command {
  const { version } = createRequire(import.meta.url)("../package.json") as { version: string };
  const program = new Command("rockspool")
    .description("Imports, exports, inspects and repairs the messages of a rockspool spool.")
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => out.append(text),
      writeErr: (text) => stderr.write(text),
      getOutHelpWidth: () => widthOf(stdout),
      getErrHelpWidth: () => widthOf(stderr),
      // Errors are printed by the reporter, in one line.
      outputError: () => {},
    })
    .showHelpAfterError(false)
    .addHelpText(
      "after",
      `\nExample:\n  $ rockspool import ./spool ~/Mail/inbox.mbox && rockspool stats ./spool\n${EXIT_CODES_HELP}`,
    );
  for (const register of COMMANDS) register(program, perform);
  return program;
}

const DEFAULT_COLUMNS = 80;

function widthOf({ isTTY, columns }: OutputStream): number {
  return (isTTY === true ? columns : undefined) ?? DEFAULT_COLUMNS;
}
