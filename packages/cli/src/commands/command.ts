import { type Command, Option } from "commander";
import type { CommonOptions, Context } from "../context.ts";
import { EXIT_CODES_HELP, type ExitCode } from "../exit-code.ts";
import { MAX_SHARDS, wholeNumber } from "../option-parsers.ts";

/** Runs a command's work with its context, reports its error and keeps its exit code. */
export type Perform = (options: CommonOptions, work: (context: Context) => Promise<ExitCode>) => Promise<void>;

/** Adds a command to the program. Each command file exports one. */
export type Register = (program: Command, perform: Perform) => void;

export interface CommandText {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly examples: readonly string[];
}

/** A command with the options and the help text that all commands have. */
export function addCommand(program: Command, { name, summary, description, examples }: CommandText): Command {
  const lines = examples.map((example) => `  $ ${example}`).join("\n");
  return program
    .command(name)
    .summary(summary)
    .description(description)
    .option("--json", "print JSON on stdout, and errors as JSON lines on stderr")
    .option("-q, --quiet", "no progress bar and no summary on stderr")
    .option("--debug", "print stack traces and the spool's own log")
    .addHelpText("after", `\n${examples.length === 1 ? "Example" : "Examples"}:\n${lines}\n${EXIT_CODES_HELP}`);
}

export function shardsOption(description = "number of shards of a new spool (default: one per core, up to 8)"): Option {
  return new Option("--shards <count>", description).argParser(wholeNumber(1, MAX_SHARDS));
}
