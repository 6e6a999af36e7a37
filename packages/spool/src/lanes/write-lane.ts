import {
  fromErrorRecord,
  must,
  SpoolUnhealthyError,
  Status,
  WRITE_FRAME_BYTES,
  WriteFrameWriter,
  writeFrameBytesFor,
} from "@rockspool/core";
import { Outcome } from "../operations/outcome.ts";
import type { WriteOperation } from "../operations/write-operation.ts";
import { Lane } from "./lane.ts";
import type { LaneKind } from "./lane-kind.ts";

/** Stores and removes of one shard. They are written in the order in which they were called. */
export type WriteLane = Lane<WriteFrameWriter, WriteOperation>;

export function createWriteLane(): WriteLane {
  return new Lane(kind);
}

const kind: LaneKind<WriteFrameWriter, WriteOperation> = {
  bufferBytes: WRITE_FRAME_BYTES,
  writer: (buffer) => new WriteFrameWriter(buffer),
  bytesFor: ({ write }) => writeFrameBytesFor(write.data?.byteLength ?? 0),
  fits: (writer, { write }) => writer.fits(write.data?.byteLength ?? 0),
  append: (writer, { write }) => writer.append(write.op, write.id, write.data, write.sync, write.deadline.ms),
  waitsForSync: (writer) => writer.sync,
  cancel: (writer, index) => writer.cancel(index),
  settle: (frame, operations, errors) => {
    for (let i = 0; i < operations.length; i++) {
      const operation = operations[i] as WriteOperation;
      switch (frame.status(i)) {
        case Status.Written:
          operation.resolve("written", Outcome.Written);
          break;
        case Status.Synced:
          operation.resolve("synced", Outcome.Synced);
          break;
        case Status.Unhealthy:
          operation.reject(new SpoolUnhealthyError());
          break;
        case Status.Expired:
          // The shard refused the record before it formed a batch, so the write cannot take effect later.
          if (!operation.settled) operation.reject(operation.expiryError(false));
          break;
        case Status.Failed:
          // A batch fails as a whole, so its records share one error. They may still be found after a crash.
          operation.reject(fromErrorRecord(must(errors[0], "the reason of a failed batch"), "unknown"));
          break;
        case Status.Cancelled:
          break;
        default:
          throw new Error(`a record of a write frame came back with status ${frame.status(i)}`);
      }
    }
  },
};
