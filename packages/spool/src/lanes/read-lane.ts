import {
  fromErrorRecord,
  must,
  READ_FRAME_BYTES,
  ReadAnswer,
  ReadFrameWriter,
  SpoolId,
  SpoolNotFoundError,
  Status,
} from "@rockspool/core";
import type { LoadOperation } from "../operations/load-operation.ts";
import { Outcome } from "../operations/outcome.ts";
import { Lane } from "./lane.ts";
import type { LaneKind } from "./lane-kind.ts";

/** Loads of one shard. A cancelled load is read all the same, and its answer ignored. */
export type ReadLane = Lane<ReadFrameWriter, LoadOperation>;

export function createReadLane(): ReadLane {
  return new Lane(kind);
}

const kind: LaneKind<ReadFrameWriter, LoadOperation> = {
  bufferBytes: READ_FRAME_BYTES,
  writer: (buffer) => new ReadFrameWriter(buffer),
  bytesFor: () => READ_FRAME_BYTES,
  fits: (writer) => writer.fits(),
  append: (writer, { id }) => writer.append(id),
  waitsForSync: () => false,
  cancel: () => {},
  settle: (frame, operations, errors) => {
    const answer = new ReadAnswer(frame.buffer);
    for (let i = 0; i < operations.length; i++) {
      const operation = operations[i] as LoadOperation;
      switch (answer.status(i)) {
        case Status.Found:
          operation.resolve(answer.take(), Outcome.Found);
          break;
        case Status.Absent:
          operation.reject(new SpoolNotFoundError(SpoolId.fromBytes(operation.id).toString()));
          break;
        case Status.Failed:
          operation.reject(fromErrorRecord(must(errors[i], "the reason of a failed read")));
          break;
        default:
          throw new Error(`a record of a read frame came back with status ${answer.status(i)}`);
      }
    }
  },
};
