import type { ShardGate } from "@rockspool/core";
import type { WriteOperation } from "../operations/write-operation.ts";
import { AdmissionQueue } from "./admission-queue.ts";
import { DeadlineSweeper } from "./deadline-sweeper.ts";

/**
 * The admission queue of stores and removes. The deadline sweeper watches each of them from `enter` until it settles.
 */
export class WriteQueue extends AdmissionQueue<WriteOperation> {
  readonly #sweeper: DeadlineSweeper;

  constructor(
    maxBytes: number,
    gates: readonly ShardGate[],
    start: (operation: WriteOperation, queued: boolean) => void,
  ) {
    super(maxBytes, gates.length, start);
    this.#sweeper = new DeadlineSweeper(gates);
  }

  override enter(operation: WriteOperation): void {
    this.#sweeper.watch(operation);
    super.enter(operation);
  }

  override settled(operation: WriteOperation, held: boolean): void {
    this.#sweeper.unwatch(operation);
    super.settled(operation, held);
  }

  override async close(): Promise<void> {
    await super.close();
    this.#sweeper.end();
  }
}
