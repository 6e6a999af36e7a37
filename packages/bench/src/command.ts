import { fileURLToPath } from "node:url";
import { EXIT_INTERRUPTED, InterruptedError } from "./run/interrupts.ts";
import { UserError } from "./user-error.ts";

/** The directory of the repository. */
export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

const EXIT_USAGE = 2;

/** Parses the arguments, prints the usage or does the work, and sets the exit code that `work` resolves to. */
export async function command<T extends object>(
  usage: string,
  parse: (args: readonly string[]) => T | "help",
  work: (options: T) => Promise<number>,
): Promise<void> {
  let options: T | "help";
  try {
    options = parse(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    process.exitCode = EXIT_USAGE;
    return;
  }
  if (options === "help") {
    console.log(usage);
    return;
  }
  try {
    process.exitCode = await work(options);
  } catch (error) {
    if (!(error instanceof InterruptedError || error instanceof UserError)) throw error;
    console.error(error.message);
    process.exitCode = error instanceof UserError ? EXIT_USAGE : EXIT_INTERRUPTED;
  }
}
