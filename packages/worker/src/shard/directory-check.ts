import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { toEngineError } from "../engine/engine-error.ts";

const PROBE_FILE = ".rockspool-probe";

/**
 * Makes the directory if it is missing (0755) and shows that it can be written, listed and synced, before RocksDB sees it:
 * what fails here fails with the name of the call, not with half a database. Throws a `SpoolEngineError`.
 */
export function probeDirectory(directory: string): void {
  const file = join(directory, PROBE_FILE);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    const descriptor = openSync(file, "w");
    try {
      writeSync(descriptor, "probe");
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    if (!readdirSync(directory).includes(PROBE_FILE)) throw new Error(`${file} was written and is not listed`);
    unlinkSync(file);
    const listed = openSync(directory, "r");
    try {
      fsyncSync(listed);
    } finally {
      closeSync(listed);
    }
  } catch (error) {
    throw toEngineError(error, directory);
  }
}
