import type { MessagePort } from "node:worker_threads";
import { toErrorRecord } from "@rockspool/core";
import type { RecordBatch, ShardRecord } from "../protocol/maintenance-protocol.ts";

/** A batch ends at this many records, or bytes of messages. */
const MAX_BATCH_RECORDS = 256;
const MAX_BATCH_BYTES = 1024 * 1024;
/** Batches that the consumer has not taken yet: one to work on, one that waits. */
const MAX_BATCHES_OUT = 2;

/**
 * Sends the records in batches; a consumer that stops taking them stops the reading, and one that closes its port ends it.
 * Resolves when all is sent.
 */
export async function sendRecords(records: AsyncIterable<ShardRecord>, port: MessagePort, path: string): Promise<void> {
  let out = 0;
  let closed = false;
  let wake: () => void = () => {};
  port.on("message", () => {
    out--;
    wake();
  });
  port.on("close", () => {
    closed = true;
    wake();
  });
  let batch: ShardRecord[] = [];
  let bytes = 0;
  const post = async (): Promise<void> => {
    while (out >= MAX_BATCHES_OUT && !closed) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    out++;
    const full: RecordBatch = batch;
    port.postMessage(
      full,
      batch.map(bufferOf).filter((buffer) => buffer !== null),
    );
    batch = [];
    bytes = 0;
  };

  let end: RecordBatch = { end: null };
  try {
    for await (const record of records) {
      batch.push(copyOf(record));
      if (record.kind === "message") bytes += record.data.byteLength;
      if (batch.length >= MAX_BATCH_RECORDS || bytes >= MAX_BATCH_BYTES || record.kind === "counted") await post();
      if (closed) return;
    }
    if (batch.length > 0) await post();
  } catch (error) {
    end = { end: toErrorRecord(error, path) };
  }
  port.postMessage(end);
  port.close();
}

/** Views may share their buffer with much else, all of which would be sent with them. */
function copyOf(record: ShardRecord): ShardRecord {
  if (record.kind === "message") return { ...record, id: new Uint8Array(record.id), data: new Uint8Array(record.data) };
  return record.kind === "corrupt" ? { ...record, key: new Uint8Array(record.key) } : record;
}

function bufferOf(record: ShardRecord): ArrayBuffer | null {
  return record.kind === "message" ? (record.data.buffer as ArrayBuffer) : null;
}
