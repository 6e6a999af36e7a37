/** The command line as a function: `run(["stats", "./spool"])` resolves to the exit code. */
export { ExitCode } from "./exit-code.ts";
export { run } from "./program.ts";
