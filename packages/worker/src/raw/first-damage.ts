import { Checksums } from "./checksum.ts";
import { LogRecords } from "./log-records.ts";
import type { ReportDamage } from "./raw-entry.ts";
import { RawFile } from "./raw-file.ts";

/**
 * The first place of a log, or of a MANIFEST, which has the same form, where something stands that is no whole record: in words, null where
 * all is whole. A file that has no more than `knownBytes` is not read. Throws where there is no such file, and where the disk does not give
 * all of it: what cannot be read may well be whole.
 */
export async function firstDamage(path: string, knownBytes = 0): Promise<string | null> {
  let first: string | null = null;
  const damaged: ReportDamage = (offset, _length, reason) => {
    first ??= `from byte ${offset} of ${file.size} on: ${reason}`;
  };
  const unreadable: ReportDamage = (_offset, _length, reason) => {
    throw new Error(`${path} cannot be read: ${reason}`);
  };
  const file = new RawFile(path, unreadable);
  try {
    if (file.size <= knownBytes) return null;
    for (const _record of new LogRecords(file, await Checksums.load(), damaged)) if (first !== null) break;
    return first;
  } finally {
    file.close();
  }
}
