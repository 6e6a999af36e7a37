import { SpoolId } from "rockspool";
import { messageIdBytes } from "../../support/message-id.mjs";
import { payload } from "../../support/payload.mjs";
import { operationAt } from "./plan.mjs";

const CALLS_AT_ONCE = 32;

/**
 * Works on a plan as fast as the spool takes it, and tells how far it is, a line at a time:
 *   called <k>          operations before k may have been called (told before they are)
 *   done <k><s|w> …     operations that were acknowledged, and what they had reached
 *   failed <k><u|n> …   operations that were rejected, and their outcome: unknown or not-written
 */
export class PlanRunner {
  acknowledged = 0;
  /** Codes of the rejections that the plan did not ask for. */
  refusals = [];
  #next;
  #inFlight = 0;
  #told = { done: [], failed: [] };
  #wake = () => {};

  /**
   * @param {{ seed: number, from: number, plan: import("./plan.mjs").Plan, inFlight?: number, print: (line: string) =>
   * void }} options
   */
  constructor({ seed, from, plan, inFlight = 256, print }) {
    this.seed = seed;
    this.plan = plan;
    this.inFlight = inFlight;
    this.print = print;
    this.#next = from;
  }

  /** Goes on with the plan until `enough()`, then returns with operations pending. */
  async run(spool, enough) {
    const atOnce = Math.min(CALLS_AT_ONCE, this.inFlight);
    while (!enough()) {
      this.#tell();
      this.print(`called ${this.#next + atOnce}`);
      for (let i = 0; i < atOnce; i++) void this.#operate(spool, this.#next++);
      while (this.#inFlight > this.inFlight - atOnce && !enough()) await this.#something();
    }
    this.#tell();
  }

  /** Runs `count` more operations, and waits for all. */
  async runAll(spool, count) {
    const end = this.#next + count;
    await this.run(spool, () => this.#next >= end);
    await this.settled();
  }

  async settled() {
    while (this.#inFlight > 0) await this.#something();
    this.#tell();
  }

  #something() {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async #operate(spool, k) {
    const { index, remove, sync, size, hurryMs, abortMs } = operationAt(this.seed, k, this.plan);
    const id = SpoolId.fromBytes(messageIdBytes(this.seed, index));
    const signal = abortMs === null ? undefined : AbortSignal.timeout(abortMs);
    this.#inFlight++;
    try {
      const deadline = hurryMs === null ? undefined : Date.now() + hurryMs;
      const reached = remove
        ? await spool.remove(id, { signal })
        : await spool.store(id, payload(k, size), { forceSync: sync, deadline, signal });
      if (sync && !remove && reached !== "synced") throw new Error(`a synced store resolved to ${reached}`);
      this.#told.done.push(`${k}${reached === "synced" ? "s" : "w"}`);
      this.acknowledged++;
    } catch (error) {
      // An abort rejects with the signal's own reason, which says nothing of an outcome.
      const aborted = error === signal?.reason;
      this.#told.failed.push(`${k}${error.outcome === "not-written" ? "n" : "u"}`);
      if (error.outcome === undefined && !aborted) this.refusals.push(`no outcome: ${error.stack}`);
      else if (!aborted && error.code !== "SPOOL_CALLER_DEADLINE") this.refusals.push(`${error.code} ${error.message}`);
    }
    this.#inFlight--;
    this.#tellSoon();
    this.#wake();
  }

  /** One line for all that settled in one turn. */
  #tellSoon() {
    if (this.#told.done.length + this.#told.failed.length === 1) queueMicrotask(() => this.#tell());
  }

  #tell() {
    for (const [word, numbers] of Object.entries(this.#told)) {
      if (numbers.length > 0) this.print(`${word} ${numbers.splice(0).join(" ")}`);
    }
  }
}
