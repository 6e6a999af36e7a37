import { createStatusMemory, ShardGate, WriteOp } from "@rockspool/core";
import { LoadOperation } from "../src/operations/load-operation.ts";
import { Operation } from "../src/operations/operation.ts";
import { OperationMeter } from "../src/operations/operation-meter.ts";
import type { Reservation } from "../src/operations/reservation.ts";
import { type Write, WriteOperation } from "../src/operations/write-operation.ts";

/**
 * Operations for tests of what they pass through. They belong to no spool, and a rejection that no test looks at is
 * ignored.
 */

export const NO_RESERVATION: Reservation = { shard: 0, bytes: 0, limit: null };

export function plainOperation(reservation: Reservation, signal?: AbortSignal): Operation<void> {
  const operation = new Operation<void>(new OperationMeter(), reservation, signal);
  operation.promise.catch(() => {});
  return operation;
}

interface WriteSetting {
  readonly gate?: ShardGate;
  readonly reservation?: Reservation;
}

/** A store of three bytes without a deadline, unless `part` says otherwise. */
export function writeOperation(
  part: Partial<Write> = {},
  { gate = newGate(), reservation = NO_RESERVATION }: WriteSetting = {},
): WriteOperation {
  const write: Write = {
    op: WriteOp.Store,
    id: new Uint8Array(16),
    data: Uint8Array.of(1, 2, 3),
    sync: false,
    deadline: { ms: Number.POSITIVE_INFINITY, callers: false, storeDeadlineMs: 1 },
    ...part,
  };
  const operation = new WriteOperation(write, gate, new OperationMeter(), reservation, undefined);
  operation.promise.catch(() => {});
  return operation;
}

export function loadOperation(id: Uint8Array = new Uint8Array(16), reservation = NO_RESERVATION): LoadOperation {
  const operation = new LoadOperation(id, new OperationMeter(), reservation, undefined);
  operation.promise.catch(() => {});
  return operation;
}

export function newGate(): ShardGate {
  return new ShardGate(createStatusMemory(1), 0);
}

/** Lets the microtasks of this turn run, and those that they queue; no timer and no message. */
export async function endOfTurn(): Promise<void> {
  for (let i = 0; i < 5; i++) await Promise.resolve();
}
