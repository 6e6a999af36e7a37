import { fileURLToPath } from "node:url";
import { EXIT_INTERRUPTED, InterruptedError } from "./run/interrupts.ts";
import { UserError } from "./user-error.ts";

/** The repository's folder. */
export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

const EXIT_USAGE = 2;

/** A command: options from the arguments, or help, then the work, which resolves to the exit code. */
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
