import { type Spool, SpoolEngineError, SpoolError, type SpoolId } from "rockspool";
import { expect } from "vitest";
import { loadOrNull } from "../../support/load-or-null.ts";
import { payload } from "../../support/payload.mjs";

type Fate = "pending" | "acknowledged" | "not-written" | "unknown" | "removed";

export interface Message {
  readonly id: SpoolId;
  readonly shard: number;
  readonly seed: number;
  readonly size: number;
  fate: Fate;
}

export interface Failure {
  readonly shard: number;
  readonly operation: "store" | "load" | "remove";
  readonly error: Error;
}

/**
 * Stores, loads and removes messages, each under an id of its own, and records what each call resolved or rejected
 * with, to be compared with what the spool holds. A wrong answer is recorded as a lie.
 */
export class Ledger {
  readonly lies: string[] = [];
  /** Resolves with the first of them. */
  readonly firstLie: Promise<string>;
  #onLie: (lie: string) => void = () => {};
  failures: Failure[] = [];
  /** Called in the turn in which a call was rejected. */
  onFailure: (failure: Failure) => void = () => {};
  readonly #messages = new Map<string, Message>();
  readonly #calls = new Set<Promise<boolean>>();
  /** How many stores each shard has acknowledged so far. */
  readonly acknowledgements: number[] = [];
  #seed = 0;

  constructor() {
    this.firstLie = new Promise((resolve) => {
      this.#onLie = resolve;
    });
  }

  lie(what: string): void {
    this.lies.push(what);
    this.#onLie(what);
  }

  /** Never rejects: the message, or null where it was not acknowledged. */
  async store(spool: Spool, id: SpoolId, shard: number, size: number, forceSync: boolean): Promise<Message | null> {
    const message: Message = { id, shard, size, seed: this.#seed++, fate: "pending" };
    this.#messages.set(String(id), message);
    const storing = spool.store(id, payload(message.seed, size), { forceSync });
    const acknowledged = await this.#call(message, "store", storing, (error) => {
      message.fate = error === null ? "acknowledged" : fateOf(error);
    });
    if (!acknowledged) return null;
    this.acknowledgements[shard] = (this.acknowledgements[shard] ?? 0) + 1;
    return message;
  }

  remove(spool: Spool, message: Message): Promise<boolean> {
    const { fate } = message;
    message.fate = "pending";
    return this.#call(message, "remove", spool.remove(message.id), (error) => {
      if (error === null) message.fate = "removed";
      else message.fate = fateOf(error) === "not-written" ? fate : "unknown";
    });
  }

  /** Never rejects; whether the message came, as it was stored. */
  load(spool: Spool, message: Message): Promise<boolean> {
    const loading = spool.load(message.id).then((bytes) => this.#compare(message, bytes));
    return this.#call(message, "load", loading, (error) => {
      if (error === null || error instanceof SpoolEngineError || error.name === "SpoolShardLostError") return;
      // What was being removed meanwhile may be gone.
      if (message.fate === "acknowledged") this.lie(`${message.id} was acknowledged: ${error.message}`);
    });
  }

  /** Resolves when every call has been answered; one that never is makes the test time out. */
  async settled(): Promise<void> {
    await Promise.all(this.#calls);
  }

  count(fate: Fate): number {
    return this.#all((message) => message.fate === fate).length;
  }

  acknowledgedOn(shard: number): Message[] {
    return this.#all((message) => message.shard === shard && message.fate === "acknowledged");
  }

  /** The distinct `operation code kind outcome` of a shard's failures. */
  failuresOn(shard: number): string[] {
    return [...new Set(this.failures.filter((failure) => failure.shard === shard).map(tell))].sort();
  }

  /** Of what was checked: only what was acknowledged will be asked for again. */
  turnPage(): void {
    this.failures = [];
    for (const [id, { fate }] of this.#messages) if (fate !== "acknowledged") this.#messages.delete(id);
  }

  /**
   * Acknowledged: there and whole. Removed, or not written: absent. Unknown: one or the other. But for `except`, whose
   * messages may fail to load: by an error of the engine, never by "no such key", and never as something else. Where
   * there is damage, it may hold what was never acknowledged too.
   */
  async expectKept(spool: Spool, except: ReadonlySet<string> = new Set()): Promise<void> {
    const load = async (message: Message): Promise<void> => {
      const { id, fate } = message;
      const found = await loadOrNull(spool, id).catch((error: unknown) => {
        const mayFail = except.has(String(id)) || (except.size > 0 && fate !== "acknowledged");
        if (mayFail && error instanceof SpoolEngineError) return undefined;
        throw error;
      });
      if (found === undefined) return;
      if (fate === "not-written" || fate === "removed") expect(found, `${id}: ${fate}, and is there`).toBeNull();
      if (fate === "acknowledged") expect(found, `${id} of shard ${message.shard} was acknowledged`).not.toBeNull();
      if (found !== null) this.#compare(message, found);
    };
    for (const result of await Promise.allSettled([...this.#messages.values()].map(load))) {
      if (result.status === "rejected") throw result.reason;
    }
    expect(this.lies).toEqual([]);
  }

  /**
   * All of what was acknowledged comes once, byte for byte; nothing comes twice, and nothing that was removed or not
   * written.
   */
  async expectEnumerated(entries: ReturnType<Spool["enumerate"]>): Promise<void> {
    const seen = new Set<string>();
    for await (const entry of entries) {
      const id = String(entry.id);
      expect(entry.kind, id).toBe("item");
      expect(seen.has(id), `${id} was enumerated twice`).toBe(false);
      seen.add(id);
      if (entry.kind === "item") this.expectSame(entry.id, entry.data);
    }
    for (const [id, { fate }] of this.#messages) {
      if (fate === "acknowledged") expect(seen.has(id), `${id} was acknowledged`).toBe(true);
      if (fate === "not-written" || fate === "removed") expect(seen.has(id), `${id}: ${fate}`).toBe(false);
    }
    expect(this.lies).toEqual([]);
  }

  /** The entry of an enumeration, byte for byte. */
  expectSame(id: SpoolId | null, bytes: Uint8Array): void {
    const message = this.#messages.get(String(id));
    if (message !== undefined) this.#compare(message, bytes);
  }

  #all(which: (message: Message) => boolean): Message[] {
    return [...this.#messages.values()].filter(which);
  }

  #compare({ id, seed, size }: Message, bytes: Uint8Array): void {
    if (Buffer.compare(bytes, payload(seed, size)) !== 0) this.lie(`${id} is not what was stored`);
  }

  #call(
    { shard }: Message,
    operation: Failure["operation"],
    promise: Promise<unknown>,
    onSettled: (error: Error | null) => void,
  ): Promise<boolean> {
    const call = promise.then(
      () => {
        onSettled(null);
        return true;
      },
      (error: Error) => {
        onSettled(error);
        const failure = { shard, operation, error };
        this.failures.push(failure);
        this.onFailure(failure);
        return false;
      },
    );
    this.#calls.add(call);
    void call.then(() => this.#calls.delete(call));
    return call;
  }
}

function fateOf(error: Error): Fate {
  return error instanceof SpoolError && error.outcome === "not-written" ? "not-written" : "unknown";
}

function tell({ operation, error }: Failure): string {
  const { code, kind, outcome } = error as Error & { code?: string; kind?: string; outcome?: string };
  return [operation, code ?? error.message, kind, outcome].filter(Boolean).join(" ");
}
