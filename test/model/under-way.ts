// Not the global one, whose pauses of a restart are cut short.
import { clearTimeout, setTimeout } from "node:timers";

/** Longer than any deadline of the spool: what is not settled by then never is. */
const NEVER_MS = 45_000;

/** The calls that a run has begun and that are not answered yet. */
export class UnderWay {
  readonly #all = new Map<Promise<void>, string>();
  readonly #limited = new Set<Promise<void>>();
  readonly #mistakes: unknown[] = [];

  /** `limited`: it has a deadline. What it rejects with is a mistake. */
  begin(name: string, call: Promise<void>, limited = false): void {
    const tracked = call
      .catch((error: unknown) => {
        this.#mistakes.push(error);
      })
      .finally(() => {
        this.#all.delete(tracked);
        this.#limited.delete(tracked);
      });
    this.#all.set(tracked, name);
    if (limited) this.#limited.add(tracked);
  }

  get none(): boolean {
    return this.#all.size === 0;
  }

  /** Throws the first mistake. */
  check(): void {
    if (this.#mistakes.length > 0) throw this.#mistakes[0];
  }

  /** Throws where one is not settled yet. */
  expectNone(): void {
    this.check();
    if (this.#all.size > 0) throw new Error(`not settled: ${[...this.#all.values()].join(", ")}`);
  }

  /** Waits for all of them; throws where one is never settled. */
  async settled(): Promise<void> {
    await inTime(Promise.all(this.#all.keys()));
    this.expectNone();
  }

  /** Waits for those that have a deadline, whatever holds the others. */
  async overdue(): Promise<void> {
    await inTime(Promise.all(this.#limited));
    this.check();
    if (this.#limited.size > 0) throw new Error(`${this.#limited.size} calls are not settled by their deadline`);
  }
}

/** Waits for them, or so long. */
export async function inTime(calls: Promise<unknown>, ms = NEVER_MS): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const never = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([calls, never]);
  clearTimeout(timer);
}
