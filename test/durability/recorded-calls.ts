import { type RocksSpool, SpoolError, type SpoolId, SpoolNotFoundError } from "rockspool";
import { expect } from "vitest";
import { payload } from "../support/payload.mjs";
import { idOnShard } from "../support/shard-files.ts";

/** A call to a shard, what became of it and after how long. */
export interface Call {
  readonly kind: "store" | "synced store" | "remove" | "load";
  readonly id: SpoolId;
  /** Of the message that it stores, removes or loads. */
  readonly data: Uint8Array;
  /** The caller's deadline, where it has one. */
  readonly limitMs?: number | undefined;
  /** What was reached, or an error's outcome, or its code where it has none; null until then. */
  said: string | null;
  ms: number;
}

/** Calls to one shard, each store with a message of its own. */
export class RecordedCalls {
  readonly calls: Call[] = [];
  readonly #spool: RocksSpool;
  readonly #shard: number;
  readonly #bytes: number;

  constructor(spool: RocksSpool, shard: number, bytes: number) {
    this.#spool = spool;
    this.#shard = shard;
    this.#bytes = bytes;
  }

  get pending(): Call[] {
    return this.calls.filter(({ said }) => said === null);
  }

  store(forceSync: boolean, limitMs?: number): Promise<Call> {
    const id = idOnShard(this.#shard, this.#spool.health().length);
    const data = payload(this.calls.length, this.#bytes);
    const deadline = limitMs === undefined ? undefined : Date.now() + limitMs;
    const stored = this.#spool.store(id, data, { forceSync, deadline });
    return this.#record({ kind: forceSync ? "synced store" : "store", id, data, limitMs }, stored);
  }

  remove({ id, data }: Call): Promise<Call> {
    const removed = this.#spool.remove(id).then(() => "removed");
    return this.#record({ kind: "remove", id, data }, removed);
  }

  load({ id, data }: Call): Promise<Call> {
    const loaded = this.#spool.load(id).then((found) => (Buffer.compare(found, data) === 0 ? "whole" : "not whole"));
    return this.#record({ kind: "load", id, data }, loaded);
  }

  /** Acknowledged messages are there, not-written ones are not; unknown ones are absent or whole. */
  async check(): Promise<void> {
    const removes = new Map(this.calls.filter(({ kind }) => kind === "remove").map((call) => [call.id, call.said]));
    const wrong: string[] = [];
    for (const call of this.calls) {
      if (!call.kind.endsWith("store")) continue;
      const remove = removes.get(call.id) ?? "none";
      const may = {
        beThere: call.said !== "not-written" && remove !== "removed",
        beGone: call.said === "not-written" || call.said === "unknown" || remove === "removed" || remove === "unknown",
      };
      const found = await this.#find(call);
      if (found === "whole" ? may.beThere : found === "not there" && may.beGone) continue;
      wrong.push(`a ${call.kind} said ${call.said}, its remove ${remove}, and the message is ${found}`);
    }
    expect(wrong).toEqual([]);
  }

  async #find({ id, data }: Call): Promise<string> {
    try {
      return Buffer.compare(await this.#spool.load(id), data) === 0 ? "whole" : "not whole";
    } catch (error) {
      return error instanceof SpoolNotFoundError ? "not there" : String(error);
    }
  }

  /** Never rejects. */
  async #record(what: Omit<Call, "said" | "ms">, done: Promise<string>): Promise<Call> {
    const call: Call = { ...what, said: null, ms: 0 };
    this.calls.push(call);
    const begun = performance.now();
    try {
      call.said = await done;
    } catch (error) {
      call.said = error instanceof SpoolError ? (error.outcome ?? error.code) : String(error);
    }
    call.ms = performance.now() - begun;
    return call;
  }
}

/** How many said what. */
export function summary(calls: readonly Call[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind, said } of calls) counts[`${kind}: ${said}`] = (counts[`${kind}: ${said}`] ?? 0) + 1;
  return counts;
}
