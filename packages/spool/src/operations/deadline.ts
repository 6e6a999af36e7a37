import { SpoolConfigError } from "@rockspool/core";

/** When a write gives up, and by whose word: the nearer of the caller's deadline and `storeDeadline` (rocks.rs line 345). */
export interface Deadline {
  /** Epoch milliseconds. */
  readonly ms: number;
  /** True where the caller's came first. */
  readonly callers: boolean;
  readonly storeDeadlineMs: number;
}

/** Makes the deadlines of one spool's writes. */
export class Deadlines {
  readonly #storeDeadlineMs: number;
  #spools: Deadline;

  constructor(storeDeadlineMs: number) {
    this.#storeDeadlineMs = storeDeadlineMs;
    this.#spools = { ms: 0, callers: false, storeDeadlineMs };
  }

  /** For a write that is called now. Throws a `SpoolConfigError` where the caller's is no time. */
  from(callers: number | Date | undefined): Deadline {
    const storeDeadlineMs = this.#storeDeadlineMs;
    const spoolsMs = Date.now() + storeDeadlineMs;
    if (callers === undefined) {
      // All that are called in one millisecond share theirs.
      if (this.#spools.ms !== spoolsMs) this.#spools = { ms: spoolsMs, callers: false, storeDeadlineMs };
      return this.#spools;
    }
    const ms = Number(callers);
    if (Number.isNaN(ms)) throw new SpoolConfigError("deadline", callers, "a Date, or epoch milliseconds");
    return { ms: Math.min(ms, spoolsMs), callers: ms < spoolsMs, storeDeadlineMs };
  }
}
