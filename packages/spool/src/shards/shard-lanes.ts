import {
  Frame,
  FrameKind,
  SpoolClosedError,
  type SpoolError,
  SpoolShardLostError,
  SpoolUnhealthyError,
} from "@rockspool/core";
import type { FrameAnswer } from "@rockspool/worker";
import { createReadLane, type ReadLane } from "../lanes/read-lane.ts";
import { createWriteLane, type WriteLane } from "../lanes/write-lane.ts";

/**
 * The two lanes of one shard, and what happens to their operations when the shard's thread starts, dies or is closed.
 */
export class ShardLanes {
  readonly writes: WriteLane = createWriteLane();
  readonly reads: ReadLane = createReadLane();
  readonly #shard: number;
  #cancelled = false;

  constructor(shard: number) {
    this.#shard = shard;
  }

  /**
   * A thread serves the shard: frames are sent from now on. A shard that was opened read-only takes no writes; the
   * writes that waited for it are refused as a latched gate would refuse them.
   */
  connect(post: (buffer: ArrayBuffer) => void, takesWrites: boolean): void {
    this.reads.connect(post);
    if (takesWrites) this.writes.connect(post);
    else this.writes.rejectWaiting(() => new SpoolUnhealthyError());
  }

  /**
   * Settles the operations of an answered frame. After `cancel` they are settled already, and the answer is ignored.
   */
  readonly answered = (answer: FrameAnswer): void => {
    if (this.#cancelled) return;
    const [buffer, errors] = answer instanceof ArrayBuffer ? [answer, []] : [answer.buffer, answer.errors];
    const frame = new Frame(buffer);
    (frame.kind === FrameKind.Read ? this.reads : this.writes).answered(frame, errors);
  };

  /** Sends nothing from now on. Resolves when everything that was sent is answered or rejected. */
  async drain(): Promise<void> {
    await Promise.all([this.writes.hold(), this.reads.hold()]);
  }

  /** The thread died after `drain`: rejects what was sent. The rest stays for the next thread. */
  loseSent(): void {
    this.writes.rejectSent(() => new SpoolShardLostError(this.#shard, { outcome: "unknown" }));
    this.reads.rejectSent(() => new SpoolShardLostError(this.#shard));
  }

  /** The thread died: rejects everything. A write that was not sent cannot be in the shard. */
  loseAll(cause: Error | null): void {
    const sent = (): SpoolError => new SpoolShardLostError(this.#shard, { cause, outcome: "unknown" });
    const unsent = (): SpoolError => new SpoolShardLostError(this.#shard, { cause, outcome: "not-written" });
    this.#rejectAll(sent, unsent, sent);
  }

  /** The shard is down: refuses writes as a latched gate would, and loads with the reason. */
  refuseAll(failure: SpoolError): void {
    const unhealthy = (): SpoolError => new SpoolUnhealthyError();
    this.#rejectAll(unhealthy, unhealthy, () => failure);
  }

  /** The spool is closed: rejects everything, and ignores later answers. */
  cancel(): void {
    this.#cancelled = true;
    this.#rejectAll(
      () => new SpoolClosedError("unknown"),
      () => new SpoolClosedError("not-written"),
      () => new SpoolClosedError(),
    );
  }

  /** Rejects every operation, and sends nothing from now on. */
  #rejectAll(sentWrite: () => SpoolError, unsentWrite: () => SpoolError, load: () => SpoolError): void {
    this.writes.disconnect();
    this.reads.disconnect();
    this.writes.rejectSent(sentWrite);
    this.writes.rejectWaiting(unsentWrite);
    this.reads.rejectSent(load);
    this.reads.rejectWaiting(load);
  }
}
