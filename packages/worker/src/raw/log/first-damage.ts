import { setImmediate } from "node:timers/promises";
import { Checksums } from "../checksum.ts";
import type { ReportDamage } from "../raw-entry.ts";
import { RawFile } from "../raw-file.ts";
import { LOG_BLOCK_BYTES, LogRecords } from "./log-records.ts";

/** Reading is synchronous; what else is to be done has its turn after each 256 KiB, some 3 ms of log. */
const BLOCKS_A_TURN = 8;

/**
 * The first place of a log, or of a MANIFEST, which has the same form, where something stands that is no whole record:
 * in words, null where all is whole. What is before the block with the last of `knownBytes` is not read. Throws where
 * there is no such file, and where the disk does not give all of it: what cannot be read may well be whole.
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
    const from = knownBytes - (knownBytes % LOG_BLOCK_BYTES);
    let blocks = 0;
    for (const _records of new LogRecords(file, await Checksums.load(), damaged, from).blocks()) {
      if (first !== null) break;
      if (++blocks % BLOCKS_A_TURN === 0) await setImmediate();
    }
    return first;
  } finally {
    file.close();
  }
}
