import type { FrameWriter } from "@rockspool/core";
import type { Holder, Operation } from "../operations/operation.ts";

/** A frame that is filled, full or sent, and the operations in it. */
export class PendingFrame<W extends FrameWriter, O extends Operation<unknown>> implements Holder {
  readonly writer: W;
  readonly operations: O[] = [];
  /** Those of `operations` that were cancelled and whose bytes the frame still holds. */
  readonly cancelled: O[] = [];
  sent = false;
  readonly #cancel: (frame: PendingFrame<W, O>, operation: O) => boolean;

  constructor(writer: W, cancel: (frame: PendingFrame<W, O>, operation: O) => boolean) {
    this.writer = writer;
    this.#cancel = cancel;
  }

  cancel(operation: O): boolean {
    return this.#cancel(this, operation);
  }

  reject(reason: () => unknown): void {
    for (const operation of this.operations) operation.reject(reason());
    this.release();
  }

  /** The frame's buffer is free: returns the bytes of the cancelled operations. */
  release(): void {
    for (const operation of this.cancelled) operation.release();
  }
}
