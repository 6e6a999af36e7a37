import { readdir } from "node:fs/promises";
import { extname, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { LOG_EXTENSION, TABLE_EXTENSION } from "../files/file-names.ts";
import { Checksums } from "./checksum.ts";
import { readLog } from "./log/log-file.ts";
import type { RawDamage, RawEntry, ReportDamage } from "./raw-entry.ts";
import { RawFile } from "./raw-file.ts";
import { readTable } from "./table/table-file.ts";

const READERS = new Map([
  [TABLE_EXTENSION, readTable],
  [LOG_EXTENSION, readLog],
]);

/**
 * Reads every entry of every table (`*.sst`) and log (`*.log`) in the directory without RocksDB: all versions of a key,
 * in no particular order, also from files that RocksDB no longer needs and has not deleted yet. Yields only what a
 * valid checksum covers; reports damage and skips it. Changes no file. Has one block or one batch in memory at a time.
 * Rejects only if the directory cannot be listed.
 */
export async function* readRawEntries(
  directory: string,
  onDamage: (damage: RawDamage) => void,
): AsyncGenerator<RawEntry> {
  const checksums = await Checksums.load();
  for (const name of (await readdir(directory)).sort()) {
    const read = READERS.get(extname(name));
    if (read === undefined) continue;
    const path = join(directory, name);
    const report: ReportDamage = (offset, length, reason) => onDamage({ file: path, offset, length, reason });
    const file = openOrReport(path, report);
    if (file === null) continue;
    try {
      for (const entries of read(file, checksums, report)) {
        yield* entries;
        // Reading is synchronous: this lets signals and timers run after each block.
        await setImmediate();
      }
    } finally {
      file.close();
    }
  }
}

function openOrReport(path: string, report: ReportDamage): RawFile | null {
  try {
    return new RawFile(path, report);
  } catch (error) {
    report(0, 0, (error as Error).message);
    return null;
  }
}
