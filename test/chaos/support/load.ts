import type { RocksSpool } from "rockspool";
import { idOnShard } from "../../support/shard-files.ts";
import type { Ledger, Message } from "./ledger.ts";

const LANES_A_SHARD = 2;
/** A lane's pause after each turn: a steady load, and no race for the machine. */
const PAUSE_MS = 4;
/** What a shard keeps before its oldest messages are removed. */
const MAX_KEPT = 200;
const SIZES = [300, 1500, 5000];

/** Stores, loads and removes on all shards until it is stopped. What came of it is in the ledger. */
export class Load {
  readonly #spool: RocksSpool;
  readonly #ledger: Ledger;
  readonly #lanes: Promise<void>[];
  #stopped = false;

  /** `kept`: for each shard the messages of earlier loads, which are this one's from now on. */
  constructor(spool: RocksSpool, ledger: Ledger, kept: readonly Message[][]) {
    this.#spool = spool;
    this.#ledger = ledger;
    this.#lanes = kept.flatMap((messages, shard) =>
      Array.from({ length: LANES_A_SHARD }, () => this.#run(shard, messages)),
    );
  }

  /** Resolves when every call has been answered. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#lanes);
  }

  async #run(shard: number, kept: Message[]): Promise<void> {
    for (let turn = 0; !this.#stopped; turn++) {
      const size = SIZES[turn % SIZES.length] as number;
      const id = idOnShard(shard, this.#spool.shards);
      const storing = this.#ledger.store(this.#spool, id, shard, size, turn % 4 === 0);
      const last = kept.at(-1 - (turn % 10));
      if (last !== undefined) await this.#ledger.load(this.#spool, last);
      const message = await storing;
      if (message !== null) kept.push(message);
      const oldest = kept.length > MAX_KEPT ? kept.shift() : undefined;
      if (oldest !== undefined && !(await this.#ledger.remove(this.#spool, oldest))) kept.unshift(oldest);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
