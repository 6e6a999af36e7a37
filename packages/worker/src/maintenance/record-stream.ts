import type { MessagePort } from "node:worker_threads";
import { CreditSender } from "../protocol/credit-stream.ts";
import type { RecordBatch, ShardRecord } from "../protocol/maintenance-protocol.ts";

/** A batch ends at this many records, or at this many bytes of messages. */
const MAX_BATCH_RECORDS = 256;
const MAX_BATCH_BYTES = 1024 * 1024;

/**
 * Sends the records as a credit stream of batches. Resolves when all is sent, and ends the reading early when the
 * receiver closes its port. `path`: the shard's directory, for errors.
 */
export async function sendRecords(records: AsyncIterable<ShardRecord>, port: MessagePort, path: string): Promise<void> {
  const sender = new CreditSender<RecordBatch, true>(port, path);
  let batch: ShardRecord[] = [];
  let bytes = 0;
  /** False when the receiver has closed its port. */
  const flush = async (): Promise<boolean> => {
    if ((await sender.takeCredit()) === null) return false;
    const buffers = batch.map(bufferOf).filter((buffer) => buffer !== null);
    sender.send(batch, buffers);
    batch = [];
    bytes = 0;
    return true;
  };
  try {
    for await (const record of records) {
      if (sender.closed) return;
      batch.push(copyOf(record));
      if (record.kind === "message") bytes += record.data.byteLength;
      const isFull = batch.length >= MAX_BATCH_RECORDS || bytes >= MAX_BATCH_BYTES;
      // A count is sent at once, because the command shows it as progress.
      if ((isFull || record.kind === "counted") && !(await flush())) return;
    }
    if (batch.length > 0 && !(await flush())) return;
    sender.end(null);
  } catch (error) {
    sender.end(error);
  }
}

/** Copies the views: a view may share its buffer with other data, and a message sends whole buffers. */
function copyOf(record: ShardRecord): ShardRecord {
  if (record.kind === "message") return { ...record, id: new Uint8Array(record.id), data: new Uint8Array(record.data) };
  return record.kind === "corrupt" ? { ...record, key: new Uint8Array(record.key) } : record;
}

function bufferOf(record: ShardRecord): ArrayBuffer | null {
  return record.kind === "message" ? (record.data.buffer as ArrayBuffer) : null;
}
