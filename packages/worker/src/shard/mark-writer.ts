import type { Engine } from "../engine/engine.ts";
import type { GroupCommit } from "../lanes/group-commit.ts";
import { withSyncedBefore } from "../recovery/evidence.ts";
import { writeMark } from "../recovery/mark.ts";

/** Writes a shard's mark: the newest numbered batch that is on the disk, and what the directory holds. */
export class MarkWriter {
  readonly #engine: Engine;
  readonly #writes: GroupCommit;
  readonly #markPath: string;
  #markedBatch = -1;

  constructor(engine: Engine, writes: GroupCommit, markPath: string) {
    this.#engine = engine;
    this.#writes = writes;
    this.#markPath = markPath;
  }

  /** Writes the mark unless it has this batch already. One call at a time. */
  async write(): Promise<void> {
    const { batch, syncedBefore } = this.#writes.syncedNumbered;
    if (batch === this.#markedBatch) return;
    const evidence = (await this.#engine.files?.evidence()) ?? null;
    await writeMark(this.#markPath, { batch, evidence: evidence && withSyncedBefore(evidence, syncedBefore) });
    this.#markedBatch = batch;
  }
}
