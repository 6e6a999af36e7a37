/** What `bin/rockspool.cjs` runs. The process ends by itself: all output is written, and whatever would keep it open is a bug. */
import { run } from "./program.ts";

process.exitCode = await run(process.argv.slice(2));
