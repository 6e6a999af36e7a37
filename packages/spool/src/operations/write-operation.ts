import {
  type Reached,
  type ShardGate,
  SpoolBackpressureTimeoutError,
  SpoolCallerDeadlineExceededError,
  type SpoolError,
  type WriteOp,
  type WriteOutcome,
} from "@rockspool/core";
import type { Deadline } from "./deadline.ts";
import { Operation } from "./operation.ts";
import type { OperationMeter } from "./operation-meter.ts";
import type { Reservation } from "./reservation.ts";
import { stackless } from "./stackless.ts";

export interface Write {
  readonly op: WriteOp;
  readonly id: Uint8Array;
  /** Null for a remove. */
  readonly data: Uint8Array | null;
  readonly sync: boolean;
  readonly deadline: Deadline;
}

/** A pending store or remove. */
export class WriteOperation extends Operation<Reached> {
  readonly write: Write;
  readonly gate: ShardGate;
  /** Set by the list that watches its deadline. */
  watchBlock: object | null = null;
  /** Set by the list that watches its deadline. */
  watchIndex = 0;

  constructor(
    write: Write,
    gate: ShardGate,
    meter: OperationMeter,
    reservation: Reservation,
    signal: AbortSignal | undefined,
  ) {
    super(meter, reservation, signal);
    this.write = write;
    this.gate = gate;
  }

  /** Epoch milliseconds. */
  get deadlineMs(): number {
    return this.write.deadline.ms;
  }

  /** Cancels the write because its deadline has passed. */
  expire(): void {
    this.cancel((sent) => this.expiryError(sent));
  }

  /**
   * Counts a passed deadline as a foreground error of the shard, and makes the error for it. Long back-pressure is a
   * sign of trouble, but no proof of it, so it does not latch (rocks.rs line 380).
   */
  expiryError(sent: boolean): SpoolError {
    this.gate.countForegroundError();
    return stackless(() => this.deadlineError(sent ? "unknown" : "not-written"));
  }

  deadlineError(outcome: WriteOutcome): SpoolError {
    const { callers, storeDeadlineMs } = this.write.deadline;
    return callers
      ? new SpoolCallerDeadlineExceededError(outcome)
      : new SpoolBackpressureTimeoutError(storeDeadlineMs, outcome);
  }
}
