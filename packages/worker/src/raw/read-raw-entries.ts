import { readdir } from "node:fs/promises";
import { extname, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { LOG_EXTENSION, TABLE_EXTENSION } from "../files/file-names.ts";
import { Checksums } from "./checksum.ts";
import { readLog } from "./log/log-file.ts";
import type { RawDamage, RawEntry } from "./raw-entry.ts";
import { RawFile } from "./raw-file.ts";
import { readTable } from "./table/table-file.ts";

const READERS = new Map([
  [TABLE_EXTENSION, readTable],
  [LOG_EXTENSION, readLog],
]);

/**
 * Every entry of every table (`*.sst`) and log (`*.log`) in the directory, in no order, older versions included: what
 * RocksDB wrote there, read without RocksDB. Nothing comes of it that a checksum does not prove. Damage is reported and
 * stepped over; reads only, never writes. Files that RocksDB had not deleted yet are read like all others. Holds one block
 * or one batch at a time. Rejects only where the directory cannot be listed.
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
    const damaged = (offset: number, length: number, reason: string): void =>
      onDamage({ file: path, offset, length, reason });
    const file = openOrReport(path, damaged);
    if (file === null) continue;
    try {
      for (const entries of read(file, checksums, damaged)) {
        yield* entries;
        // Reading is synchronous; signals and timers have their turn after each block.
        await setImmediate();
      }
    } finally {
      file.close();
    }
  }
}

function openOrReport(path: string, damaged: ConstructorParameters<typeof RawFile>[1]): RawFile | null {
  try {
    return new RawFile(path, damaged);
  } catch (error) {
    damaged(0, 0, (error as Error).message);
    return null;
  }
}
