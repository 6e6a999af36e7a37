import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { toEngineError } from "../engine/engine-error.ts";

const CHECK_FILE = ".rockspool-probe";

/**
 * Creates the directory if it is missing (0755), and checks that it can be written, listed and synced. Done before
 * RocksDB opens it: a failure here names the system call and leaves no partial database. Throws a `SpoolEngineError`.
 */
export function checkDirectory(directory: string): void {
  const file = join(directory, CHECK_FILE);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    const descriptor = openSync(file, "w");
    try {
      writeSync(descriptor, "check");
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    if (!readdirSync(directory).includes(CHECK_FILE)) throw new Error(`${file} was written and is not listed`);
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
