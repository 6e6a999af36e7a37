import { type Command, Option } from "commander";
import type { CommonOptions, Context } from "../context.ts";
import { EXIT_CODES_HELP, type ExitCode } from "../exit-code.ts";
import { MAX_SHARDS, wholeNumber } from "../option-parsers.ts";

/** Runs a command's work with everything it needs around it: output, errors, signals, the exit code. */
export type Perform = (options: CommonOptions, work: (context: Context) => Promise<ExitCode>) => Promise<void>;

/** A command file: adds its command to the program. */
export type Register = (program: Command, perform: Perform) => void;

export interface CommandText {
  readonly name: string;
  readonly summary: string;
  /** More than the summary: what it does, and what it does not. */
  readonly description: string;
  readonly examples: readonly string[];
}

/** A command with the options and the help that all have. Its own options are added after. */
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

export function shardsOption(
  description = "shards of a spool that is made now (default: one a core, up to 8)",
): Option {
  return new Option("--shards <count>", description).argParser(wholeNumber(1, MAX_SHARDS));
}
