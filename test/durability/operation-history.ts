import { type SpoolEntry, SpoolId } from "rockspool";
import { expect } from "vitest";
import { messageIdBytes } from "../support/message-id.mjs";
import { payload } from "../support/payload.mjs";
import { IDS, operationAt } from "./children/plan.mjs";

/** A message as number of the operation that stored it; null: nothing. */
type Held = number | null;

/**
 * What a spool may hold after processes that followed the plan ended without a word. An acknowledged operation rules out all
 * that was called before it; one that was called and not acknowledged may have happened or not.
 */
export class OperationHistory {
  /** Where the next process goes on in the plan. */
  next = 0;
  acknowledged = 0;
  unacknowledged = 0;
  readonly #seed: number;
  readonly #possible: Held[][] = Array.from({ length: IDS }, () => [null]);
  readonly #indexOf: Map<string, number>;

  constructor(seed: number) {
    this.#seed = seed;
    this.#indexOf = new Map(
      Array.from({ length: IDS }, (_, i) => [String(SpoolId.fromBytes(messageIdBytes(seed, i))), i]),
    );
  }

  /** Takes in what a child printed. */
  ended(lines: readonly string[]): void {
    const done = new Set<number>();
    let called = this.next;
    for (const line of lines) {
      const [word, ...rest] = line.split(" ");
      if (word === "called") called = Number(rest[0]);
      if (word === "done") for (const one of rest) done.add(Number.parseInt(one, 10));
    }
    for (let k = this.next; k < called; k++) {
      const { index, remove } = operationAt(this.#seed, k);
      const held: Held = remove ? null : k;
      if (done.has(k)) this.#possible[index] = [held];
      else this.#possible[index]?.push(held);
    }
    this.acknowledged += done.size;
    this.unacknowledged += called - this.next - done.size;
    this.next = called;
  }

  /** Fails for a message that is lost, torn or back from the dead. From then on the spool's content is known. */
  check(entries: readonly SpoolEntry[]): void {
    const found: Held[] = new Array(IDS).fill(null);
    for (const entry of entries) {
      if (entry.kind === "corrupt") expect.fail(`corrupt entry ${entry.key}: ${entry.error}`);
      const index = this.#indexOf.get(String(entry.id));
      if (index === undefined) expect.fail(`nobody stored ${entry.id}`);
      found[index] = this.#versionOf(index, entry.data);
    }
    for (let index = 0; index < IDS; index++) {
      const possible = this.#possible[index] as Held[];
      const held = found[index] as Held;
      if (!possible.includes(held)) {
        expect.fail(
          `message ${index} is ${held ?? "absent"}, and may be one of: ${possible.map((one) => one ?? "absent")}`,
        );
      }
      this.#possible[index] = [held];
    }
  }

  #versionOf(index: number, data: Uint8Array): number {
    for (const k of this.#possible[index] as Held[]) {
      if (k === null) continue;
      const { size } = operationAt(this.#seed, k);
      if (size === data.byteLength && Buffer.compare(data, payload(k, size)) === 0) return k;
    }
    return expect.fail(`message ${index} (${data.byteLength} bytes) is none of ${this.#possible[index]}`);
  }
}
