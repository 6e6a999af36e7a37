import type { Holder, Operation } from "../operations/operation.ts";
import type { Member } from "./linked-queue.ts";

/** An operation that waits in the admission queue. */
export class QueuedOperation<O extends Operation<unknown>> implements Holder {
  readonly sent = false;
  readonly operation: O;
  /** Its number among all operations that have ever waited: the order of arrival across shards. */
  readonly arrival: number;
  /** Its entry in its shard's queue. */
  member: Member<QueuedOperation<O>> | null = null;
  readonly #remove: (queued: QueuedOperation<O>) => void;

  constructor(operation: O, arrival: number, remove: (queued: QueuedOperation<O>) => void) {
    this.operation = operation;
    this.arrival = arrival;
    this.#remove = remove;
  }

  /** Its message is not copied yet, so nothing of it stays here. */
  cancel(): false {
    this.#remove(this);
    return false;
  }
}
