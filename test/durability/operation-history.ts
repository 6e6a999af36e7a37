import { type RocksSpool, type SpoolEntry, SpoolId } from "rockspool";
import { expect } from "vitest";
import { entriesOf } from "../support/entries.ts";
import { messageIdBytes } from "../support/message-id.mjs";
import { payload } from "../support/payload.mjs";
import { operationAt, type Plan } from "./children/plan.mjs";

/** A message as number of the operation that stored it; null: nothing. */
type Held = number | null;

/**
 * What a spool may hold after processes that followed the plan ended without a shutdown. An acknowledged operation
 * rules out all earlier ones on its id; after a power cut only one acknowledged as `synced` does. An operation that was
 * called and not acknowledged may have happened or not, except one rejected as `not-written`, which must not have.
 */
export class OperationHistory {
  /** Where the next process goes on in the plan. */
  next = 0;
  acknowledged = 0;
  unacknowledged = 0;
  notWritten = 0;
  unknown = 0;
  readonly #seed: number;
  readonly #plan: Plan;
  readonly #possible: Held[][];
  readonly #indexOf: Map<string, number>;

  constructor(seed: number, plan: Plan) {
    this.#seed = seed;
    this.#plan = plan;
    this.#possible = Array.from({ length: plan.ids }, () => [null]);
    this.#indexOf = new Map(
      Array.from({ length: plan.ids }, (_, i) => [String(SpoolId.fromBytes(messageIdBytes(seed, i))), i]),
    );
  }

  /** Takes in what a child told. `left`: who lives on, and with it what was acknowledged as `written`. */
  ended(lines: readonly string[], left: "the operating system" | "the disk" = "the operating system"): void {
    const told = new Map<number, string>();
    let called = this.next;
    for (const line of lines) {
      const [word, ...rest] = line.split(" ");
      if (word === "called") called = Number(rest[0]);
      if (word !== "done" && word !== "failed") continue;
      for (const one of rest) told.set(Number.parseInt(one, 10), one.slice(-1));
    }
    for (let k = this.next; k < called; k++) {
      const { index, remove } = this.#operation(k);
      const held: Held = remove ? null : k;
      const end = told.get(k);
      if (end === "s" || (end === "w" && left === "the operating system")) this.#possible[index] = [held];
      else if (end !== "n") this.#possible[index]?.push(held);
      if (end === "s" || end === "w") this.acknowledged++;
      else if (end === "n") this.notWritten++;
      else if (end === "u") this.unknown++;
      else this.unacknowledged++;
    }
    this.next = called;
  }

  /** Fails unless every shard is well and holds what it may. From then on the spool's content is known. */
  async checkSpool(spool: RocksSpool): Promise<void> {
    const ills = spool.health().filter(({ state, latched }) => state !== "open" || latched);
    if (ills.length > 0)
      expect.fail(ills.map(({ path, state, reason }) => `${path} is ${state}: ${reason}`).join("; "));
    this.check(await entriesOf(spool));
  }

  /** Fails for a message that is lost, torn or back from the dead. */
  check(entries: readonly SpoolEntry[]): void {
    const found: Held[] = new Array(this.#plan.ids).fill(null);
    for (const entry of entries) {
      if (entry.kind === "corrupt") expect.fail(`corrupt entry ${entry.key}: ${entry.error}`);
      const index = this.#indexOf.get(String(entry.id));
      if (index === undefined) expect.fail(`${entry.id} was never stored`);
      found[index] = this.#versionOf(index, entry.data);
    }
    for (let index = 0; index < this.#plan.ids; index++) {
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

  #operation(k: number) {
    return operationAt(this.#seed, k, this.#plan);
  }

  #versionOf(index: number, data: Uint8Array): number {
    const matches = (k: number): boolean =>
      this.#operation(k).size === data.byteLength && Buffer.compare(data, payload(k, data.byteLength)) === 0;
    const possible = this.#possible[index] as Held[];
    for (const k of possible) if (k !== null && matches(k)) return k;
    for (let k = 0; k < this.next; k++) {
      if (this.#operation(k).index === index && matches(k))
        expect.fail(`message ${index} is ${k}, not one of: ${possible}`);
    }
    return expect.fail(`message ${index} (${data.byteLength} bytes) is none of ${possible}`);
  }
}
