import type { Frame, FrameWriter } from "@rockspool/core";
import type { FrameFailure } from "@rockspool/worker";
import type { Operation } from "../operations/operation.ts";

/** How the read lane and the write lane differ. */
export interface LaneKind<W extends FrameWriter, O extends Operation<unknown>> {
  /** Size of a frame's buffer, unless one operation needs more. */
  readonly bufferBytes: number;
  writer(buffer: ArrayBuffer): W;
  /** Size of the buffer that an operation needs if it is alone in its frame. */
  bytesFor(operation: O): number;
  fits(writer: W, operation: O): boolean;
  append(writer: W, operation: O): void;
  /** Whether the shard answers the frame only after a sync. */
  waitsForSync(writer: W): boolean;
  /** Cancels a record of a frame that is not sent. */
  cancel(writer: W, index: number): void;
  /** Settles the operations of an answered frame. */
  settle(answer: Frame, operations: readonly O[], errors: FrameFailure["errors"]): void;
}
