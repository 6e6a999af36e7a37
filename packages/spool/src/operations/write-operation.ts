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
import type { Claim } from "./reservation.ts";
import { stackless } from "./stackless.ts";
import type { Block, Watched } from "./watch-list.ts";

export interface Write {
  readonly op: WriteOp;
  readonly id: Uint8Array;
  /** Null for a remove. */
  readonly data: Uint8Array | null;
  readonly sync: boolean;
  readonly deadline: Deadline;
}

/** A store or a remove that is under way. */
export class WriteOperation extends Operation<Reached> implements Watched {
  readonly write: Write;
  readonly gate: ShardGate;
  block: Block | null = null;
  at = 0;

  constructor(
    write: Write,
    gate: ShardGate,
    meter: OperationMeter,
    claim: Claim,
    signal: AbortSignal | undefined,
    onSettled: (operation: Operation<unknown>) => void,
  ) {
    super(meter, claim, signal, onSettled);
    this.write = write;
    this.gate = gate;
  }

  get deadlineMs(): number {
    return this.write.deadline.ms;
  }

  /** The deadline came while the operation waited, here or with the shard. */
  expire(): void {
    this.giveUp((canHappen) => this.expired(canHappen));
  }

  /**
   * The error for it. Long back-pressure is a sign of its own, so it counts as a foreground error; alone it is no proof of
   * anything, so it does not latch (rocks.rs line 380).
   */
  expired(canHappen: boolean): SpoolError {
    this.gate.countForegroundError();
    return stackless(() => this.deadlineError(canHappen ? "unknown" : "not-written"));
  }

  deadlineError(outcome: WriteOutcome): SpoolError {
    const { callers, storeDeadlineMs } = this.write.deadline;
    return callers
      ? new SpoolCallerDeadlineExceededError(outcome)
      : new SpoolBackpressureTimeoutError(storeDeadlineMs, outcome);
  }
}
