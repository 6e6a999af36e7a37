import { orNull } from "../byte-reader.ts";
import type { Checksums } from "../checksum.ts";
import type { RawEntry, ReportDamage } from "../raw-entry.ts";
import type { RawFile } from "../raw-file.ts";
import { LogRecords } from "./log-records.ts";
import { readBatch } from "./write-batch.ts";

/** The entries of each batch that is whole; everything else is reported. */
export function* readLog(file: RawFile, checksums: Checksums, damaged: ReportDamage): Generator<RawEntry[]> {
  for (const { offset, end, payload } of new LogRecords(file, checksums, damaged)) {
    const batch = orNull(() => readBatch(payload));
    if (batch === null) damaged(offset, end - offset, "the record is not a batch of the expected form");
    else {
      if (batch.foreign > 0)
        damaged(offset, end - offset, `${batch.foreign} operations of the batch are of another kind`);
      yield batch.entries.map((entry) => ({ ...entry, file: file.path }));
    }
  }
}
