import { SpoolId, WriteOp } from "@rockspool/core";
import { LoadOperation } from "../src/operations/load-operation.ts";
import { OperationMeter } from "../src/operations/operation-meter.ts";
import { WriteOperation } from "../src/operations/write-operation.ts";
import type { ShardClient } from "../src/shards/shard-client.ts";

const RESERVATION = { shard: 0, bytes: 0, limit: null };

/** Puts operations into the lanes of a client without a spool. `sync`: each store waits for a sync. */
export function clientOperations(client: ShardClient, { sync }: { sync: boolean }) {
  const store = (text: string, id = SpoolId.generate().bytes): WriteOperation => {
    const deadline = { ms: Number.POSITIVE_INFINITY, callers: false, storeDeadlineMs: 1 };
    const write = { op: WriteOp.Store, id, data: Buffer.from(text), sync, deadline };
    const operation = new WriteOperation(write, client.gate, new OperationMeter(), RESERVATION, undefined);
    operation.promise.catch(() => {});
    client.writes.append(operation);
    return operation;
  };
  const load = (id: Uint8Array): LoadOperation => {
    const operation = new LoadOperation(id, new OperationMeter(), RESERVATION, undefined);
    operation.promise.catch(() => {});
    client.reads.append(operation);
    return operation;
  };
  return { store, load };
}
