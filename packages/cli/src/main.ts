/**
 * What `bin/rockspool.cjs` runs. No process.exit(): it could cut off output, and an open handle that keeps the process
 * running is a bug.
 */
import { run } from "./program.ts";

process.exitCode = await run(process.argv.slice(2));
