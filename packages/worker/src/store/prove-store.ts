import { crc32 } from "node:zlib";
import { SpoolEngineError, WRITE_RECORD_BYTES, WriteField, WriteOp } from "@rockspool/core";
import { PROOF_KEY } from "../engine/reserved-keys.ts";
import type { BlockParts } from "../log/log-types.ts";
import type { MessageStore } from "./message-store.ts";

/** Writes a record, syncs it, reads it back and removes it. Neither a batch nor a sync may run beside it. */
export async function proveStore(store: MessageStore): Promise<void> {
  const body = Buffer.from(`proof ${Date.now()}`);
  await store.write([blockOf(WriteOp.Store, body)]);
  await store.sync();
  const [found] = await store.load([PROOF_KEY]);
  if (found instanceof Error) throw found;
  if (found == null || !body.equals(found)) {
    const message = "the proof's record was not read back";
    throw new SpoolEngineError(message, { kind: "corruption", path: store.path });
  }
  await store.write([blockOf(WriteOp.Remove, Buffer.alloc(0))]);
}

function blockOf(op: WriteOp, body: Buffer): BlockParts {
  const table = Buffer.alloc(WRITE_RECORD_BYTES);
  table[WriteField.Op] = op;
  table.writeUInt32LE(body.byteLength, WriteField.StoredLength);
  table.writeUInt32LE(body.byteLength, WriteField.Length);
  table.writeUInt32LE(crc32(body), WriteField.Checksum);
  PROOF_KEY.copy(table, WriteField.Id);
  return { records: 1, table, bodies: [body], bodyBytes: body.byteLength };
}
