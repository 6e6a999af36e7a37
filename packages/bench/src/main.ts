/** What `npm run bench` runs, with its options. */
import { fileURLToPath } from "node:url";
import { bench } from "./bench.ts";
import { parseBenchOptions, USAGE } from "./bench-options.ts";
import { EXIT_INTERRUPTED, InterruptedError } from "./run/interrupts.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const EXIT_USAGE = 2;

async function main(): Promise<number> {
  let options: ReturnType<typeof parseBenchOptions>;
  try {
    options = parseBenchOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return EXIT_USAGE;
  }
  if (options === "help") {
    console.log(USAGE);
    return 0;
  }
  try {
    return (await bench(options, ROOT)) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    console.error(error.message);
    return EXIT_INTERRUPTED;
  }
}

process.exitCode = await main();
