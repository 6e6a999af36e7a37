import { crc32 } from "node:zlib";
import { WRITE_RECORD_BYTES, WriteField, WriteOp } from "@rockspool/core";
import type { BlockParts } from "../src/log/log-types.ts";
import { key } from "./frames.ts";

/** What a record of a block does; a remove if it has no `data`. */
export interface Change {
  /** A number stands for the id that `key` makes of it. */
  readonly id: number | Uint8Array;
  readonly data?: Uint8Array;
}

/** A block of these changes, uncompressed. */
export function blockOf(...changes: readonly Change[]): BlockParts {
  const table = Buffer.alloc(changes.length * WRITE_RECORD_BYTES);
  const bodies: Uint8Array[] = [];
  let bodyBytes = 0;
  changes.forEach(({ id, data }, i) => {
    const at = i * WRITE_RECORD_BYTES;
    table[at + WriteField.Op] = data === undefined ? WriteOp.Remove : WriteOp.Store;
    table.set(typeof id === "number" ? key(id) : id, at + WriteField.Id);
    if (data === undefined) return;
    table.writeUInt32LE(data.byteLength, at + WriteField.StoredLength);
    table.writeUInt32LE(data.byteLength, at + WriteField.Length);
    table.writeUInt32LE(crc32(data), at + WriteField.Checksum);
    bodies.push(data);
    bodyBytes += data.byteLength;
  });
  return { records: changes.length, table, bodies, bodyBytes };
}
