import type { Logger, ShardState } from "@rockspool/core";
import type { LogLine } from "@rockspool/worker";

/** The log lines about the life of one shard. */
export class ShardLog {
  readonly #log: Logger;
  readonly #shard: number;
  readonly #path: string;

  constructor(log: Logger, shard: number, path: string) {
    this.#log = log;
    this.#shard = shard;
    this.#path = path;
  }

  /** Passes on a line of the shard's thread. */
  readonly line = ({ level, fields, message }: LogLine): void => {
    this.#log[level](fields, message);
  };

  served(state: ShardState, restarts: number): void {
    this.#log.info({ ...this.#fields, state, restarts }, `shard ${this.#shard} is served`);
  }

  threadDied(restarts: number, error: Error | null): void {
    this.#log.error({ ...this.#fields, restarts, err: error }, `the thread of shard ${this.#shard} died`);
  }

  cannotBeOpened(error: Error): void {
    this.#log.error({ ...this.#fields, err: error }, `shard ${this.#shard} cannot be opened: ${error.message}`);
  }

  closeFailed(error: Error): void {
    this.#log.warn(
      { ...this.#fields, err: error },
      `shard ${this.#shard} was not closed in good order: ${error.message}`,
    );
  }

  get #fields(): { shard: number; path: string } {
    return { shard: this.#shard, path: this.#path };
  }
}
