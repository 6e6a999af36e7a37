import { SPOOL_ID_BYTES, WRITE_RECORD_BYTES, WriteField, WriteOp } from "@rockspool/core";
import type { Batch } from "../engine/engine.ts";
import { bodiesOffset } from "../log/block-format.ts";
import { PLACE_BYTES } from "../log/place.ts";

/** The parts of a block that its index entries depend on. */
export interface IndexedBlock {
  readonly epoch: number;
  readonly segment: number;
  /** Offset of the block's header. */
  readonly offset: number;
  readonly records: number;
  readonly table: Buffer;
}

/** Writes the index entries of blocks into a batch. One batch at a time: `begin` reuses the values' memory. */
export class IndexEntries {
  #values = Buffer.alloc(1024 * PLACE_BYTES);
  #used = 0;

  /** Begins a batch of at most this many records. */
  begin(records: number): void {
    this.#used = 0;
    if (this.#values.byteLength < records * PLACE_BYTES) this.#values = Buffer.alloc(records * PLACE_BYTES);
  }

  add(batch: Batch, { epoch, segment, offset, records, table }: IndexedBlock): void {
    let body = offset + bodiesOffset(records);
    for (let record = 0, at = 0; record < records; record++, at += WRITE_RECORD_BYTES) {
      const op = table[at + WriteField.Op];
      const storedLength = table.readUInt32LE(at + WriteField.StoredLength);
      const key = table.subarray(at + WriteField.Id, at + WriteField.Id + SPOOL_ID_BYTES);
      if (op === WriteOp.Remove) batch.remove(key);
      else if (op === WriteOp.Store) batch.put(key, this.#place(epoch, segment, body, table, at));
      body += storedLength;
    }
  }

  #place(epoch: number, segment: number, body: number, table: Buffer, at: number): Buffer {
    const value = this.#values.subarray(this.#used, this.#used + PLACE_BYTES);
    this.#used += PLACE_BYTES;
    value.writeUInt32LE(epoch, 0);
    value.writeUInt32LE(segment, 4);
    value.writeUInt32LE(body, 8);
    // Stored length, message length and checksum have the same order in the table and in the value.
    table.copy(value, 12, at + WriteField.StoredLength, at + WriteField.Checksum + 4);
    value[24] = table[at + WriteField.Codec] as number;
    return value;
  }
}
