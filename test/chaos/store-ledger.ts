import type { Spool, SpoolId } from "rockspool";
import { expect } from "vitest";
import { loadOrNull } from "../support/load-or-null.ts";
import { payload } from "../support/payload.mjs";

type Fate = "pending" | "acknowledged" | "not-written" | "unknown";

interface Line {
  readonly id: SpoolId;
  readonly size: number;
  readonly shard: number;
  fate: Fate;
  error: (Error & { code?: string; outcome?: string }) | null;
}

/** Stores messages, each under an id of its own, and keeps the books: what each call was told, to be held against the truth. */
export class StoreLedger {
  readonly #lines: Line[] = [];
  readonly #calls: Promise<void>[] = [];
  /** Whether the call that was answered last was refused. */
  failedLast = false;

  /** Never rejects. */
  store(spool: Spool, id: SpoolId, shard: number, size: number, forceSync: boolean): Promise<void> {
    const line: Line = { id, size, shard, fate: "pending", error: null };
    const seed = this.#lines.push(line) - 1;
    const call = spool.store(id, payload(seed, size), { forceSync }).then(
      () => {
        line.fate = "acknowledged";
        this.failedLast = false;
      },
      (error: Line["error"]) => {
        line.error = error;
        this.failedLast = true;
        line.fate = error?.outcome === "not-written" ? "not-written" : "unknown";
      },
    );
    this.#calls.push(call);
    return call;
  }

  /** Resolves when every call has been answered; one that never is makes the test time out. */
  async settled(): Promise<void> {
    await Promise.all(this.#calls);
  }

  count(fate: Fate): number {
    return this.#lines.filter((line) => line.fate === fate).length;
  }

  acknowledgedOn(shard: number): number {
    return this.#lines.filter((line) => line.shard === shard && line.fate === "acknowledged").length;
  }

  /** The distinct `code outcome` of a shard's failures. */
  failuresOn(shard: number): string[] {
    const failures = this.#lines.filter((line) => line.shard === shard && line.error !== null);
    return [...new Set(failures.map(({ error }) => `${error?.code} ${error?.outcome}`))].sort();
  }

  /** Acknowledged: there and whole. Not written: absent. Unknown: one or the other. */
  async check(spool: Spool): Promise<void> {
    await Promise.all(
      this.#lines.map(async ({ id, size, fate }, seed) => {
        const found = await loadOrNull(spool, id);
        if (fate === "not-written") expect(found, `${id} was said not to be written`).toBeNull();
        if (fate === "acknowledged") expect(found, `${id} was acknowledged`).not.toBeNull();
        if (found !== null) expect(Buffer.compare(found, payload(seed, size)), `${id} is not whole`).toBe(0);
      }),
    );
  }
}
