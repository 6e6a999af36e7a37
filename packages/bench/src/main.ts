/** `npm run bench`. */
import { bench } from "./bench.ts";
import { parseBenchOptions, USAGE } from "./bench-options.ts";
import { command, ROOT } from "./command.ts";

await command(USAGE, parseBenchOptions, async (options) => ((await bench(options, ROOT)) ? 0 : 1));
