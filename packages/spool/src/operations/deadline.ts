import { SpoolConfigError } from "@rockspool/core";

/**
 * When a write expires: at the caller's deadline or after `storeDeadline`, whichever comes first (rocks.rs line 345).
 */
export interface Deadline {
  /** Epoch milliseconds. */
  readonly ms: number;
  /** True if it is the caller's deadline. */
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

  /** The deadline of a write that is called now. Throws a `SpoolConfigError` if the caller's is not a time. */
  from(callers: number | Date | undefined): Deadline {
    const storeDeadlineMs = this.#storeDeadlineMs;
    const spoolsMs = Date.now() + storeDeadlineMs;
    if (callers === undefined) {
      // All writes that are called in the same millisecond share one object.
      if (this.#spools.ms !== spoolsMs) this.#spools = { ms: spoolsMs, callers: false, storeDeadlineMs };
      return this.#spools;
    }
    const ms = Number(callers);
    if (Number.isNaN(ms)) throw new SpoolConfigError("deadline", callers, "a Date, or epoch milliseconds");
    return { ms: Math.min(ms, spoolsMs), callers: ms < spoolsMs, storeDeadlineMs };
  }
}
