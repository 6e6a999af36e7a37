import { type RocksSpool, SpoolError, type SpoolId, SpoolNotFoundError } from "rockspool";
import { idOnShard } from "../support/shard-files.ts";
import { expectLatched, expectRefused, refusalNow } from "./refusals.ts";
import { IDS, SHARDS, type Step } from "./steps.ts";
import { bytesOf, numberOf } from "./values.ts";
import type { World } from "./world.ts";
import { WriteHistory } from "./write-history.ts";

type WriteStep = Extract<Step, { do: "store" | "remove" }>;

const shardOf = (id: number): number => id % SHARDS;

/** Calls to a spool, and the books on what they may come to. Each rejects with an answer that cannot be true. */
export class Calls {
  readonly history = new WriteHistory(shardOf);
  /** Something was made to fail: until then nothing may. */
  disturbed = false;
  /** The files are being copied as a crash leaves them: an answer now may concern files that are discarded. */
  crashing = false;
  /** The spool is being shut down. */
  closing = false;
  /** No byte is free. */
  full = false;
  readonly #world: World;
  readonly #ids: readonly SpoolId[] = Array.from({ length: IDS }, (_, id) => idOnShard(shardOf(id), SHARDS));
  #values = 0;
  /** The values of all stores that were answered as synced. */
  readonly #synced = new Set<number>();
  #abort = new AbortController();

  constructor(world: World) {
    this.#world = world;
  }

  /** Whether a body of the message log belongs to a store that was answered as synced. */
  isSynced(body: Uint8Array): boolean {
    return body.byteLength >= 4 && this.#synced.has(Buffer.from(body).readUInt32BE());
  }

  /** Gives up all calls that can be. */
  abort(): void {
    this.#abort.abort(this.#abort);
    this.#abort = new AbortController();
  }

  async write(step: WriteStep): Promise<void> {
    const { spool } = this.#world;
    const { signal } = this.#abort;
    const { do: does, id, sync, deadlineMs } = { sync: false, deadlineMs: null, ...step };
    const shard = shardOf(id);
    const begunMs = Date.now();
    const refusal = refusalNow(spool, this.full, { do: does, shard, deadlineMs });
    const value = does === "store" ? ++this.#values : null;
    const write = this.history.begin(id, value);
    let answer: "written" | "synced";
    try {
      answer = await this.#call(spool, step, value);
    } catch (error) {
      if (refusal !== null) expectRefused(refusal, error);
      // An abort says nothing of the outcome.
      if (signal.aborted && error === signal.reason) return this.history.refused(write, "unknown");
      if (!(error instanceof SpoolError) || error.outcome === undefined) throw error;
      if (!this.disturbed && deadlineMs === null) throw error;
      // A shutdown waits for it, and nothing holds it.
      if (!this.crashing && error.code === "SPOOL_CLOSED") throw error;
      expectLatched(spool, shard, begunMs, error);
      return this.history.refused(write, error.outcome);
    }
    if (refusal !== null) expectRefused(refusal, null);
    // One that did not ask for it may be in a frame with one that did.
    if (sync && answer !== "synced") throw new Error("a store that asked for a sync was not synced");
    if (this.crashing) this.history.refused(write, "unknown");
    else this.history.acknowledged(write, answer);
    if (answer === "synced" && value !== null) this.#synced.add(value);
  }

  async load(id: number): Promise<void> {
    const { spool } = this.#world;
    const begunMs = Date.now();
    const look = this.history.look(id);
    let found: number | null = null;
    try {
      found = numberOf(await spool.load(this.#id(id)));
    } catch (error) {
      expectLatched(spool, shardOf(id), begunMs, error);
      if (!(error instanceof SpoolNotFoundError)) return this.#failed(error);
    }
    if (!this.crashing) this.history.saw(look, found);
  }

  async enumerate(): Promise<void> {
    const { spool } = this.#world;
    const looks = this.#ids.map((_, id) => this.history.look(id));
    const found = new Map<number, number>();
    const seen = new Set<string>();
    let failure: unknown = null;
    try {
      for await (const entry of spool.enumerate({ createdBefore: new Date(Date.now() + 60_000) })) {
        if (entry.kind === "corrupt") throw new Error(`an entry is corrupt: ${entry.error.message}`);
        const text = String(entry.id);
        if (seen.has(text)) throw new Error(`${text} was enumerated twice`);
        seen.add(text);
        const id = this.#ids.findIndex((own) => own.equals(entry.id));
        if (id >= 0) found.set(id, numberOf(entry.data));
        else this.#world.expectKept(text, entry.data);
      }
    } catch (error) {
      failure = error;
      this.#ended(error);
    }
    if (this.crashing) return;
    for (const [id, look] of looks.entries()) {
      const value = found.get(id) ?? null;
      // An enumeration that failed says nothing of what it did not come to.
      if (failure === null || value !== null) this.history.saw(look, value);
    }
    if (failure !== null) return;
    for (const kept of this.#world.kept.keys()) if (!seen.has(kept)) throw new Error(`${kept} was not enumerated`);
  }

  async compact(): Promise<void> {
    try {
      await this.#world.spool.compact();
    } catch (error) {
      this.#ended(error);
    }
  }

  adviseLowMemory(): Promise<void> {
    return this.#mayFail(this.#world.spool.adviseLowMemory());
  }

  unlatch(shard: number): Promise<void> {
    return this.#mayFail(this.#world.spool.unlatch(shard));
  }

  /** Where something was made to fail, or the spool is shut down meanwhile. */
  async #mayFail(call: Promise<unknown>): Promise<void> {
    try {
      await call;
    } catch (error) {
      this.#ended(error);
    }
  }

  /** What a shard opens with is on the disk. */
  reopened(): void {
    this.history.threadsGone();
    for (let shard = 0; shard < SHARDS; shard++) this.history.flushed(shard, this.history.newest(shard));
  }

  async #call(spool: RocksSpool, step: WriteStep, value: number | null): Promise<"written" | "synced"> {
    const signal = step.abortable ? this.#abort.signal : undefined;
    const id = this.#id(step.id);
    if (step.do === "remove" || value === null) return spool.remove(id, { signal }).then(() => "written");
    const deadline = step.deadlineMs === null ? undefined : Date.now() + step.deadlineMs;
    const bytes = bytesOf(value);
    try {
      return await spool.store(id, bytes, { forceSync: step.sync, deadline, signal });
    } finally {
      // They are the caller's again, however it ended.
      bytes.fill(0xee);
    }
  }

  /** A call that a shutdown ends: one that is neither a write nor a load. */
  #ended(error: unknown): void {
    if (!this.closing || !(error instanceof SpoolError)) this.#failed(error);
  }

  /** Only where something was made to fail, and only as a spool does. */
  #failed(error: unknown): void {
    if (!this.disturbed || !(error instanceof Error)) throw error;
    if (error instanceof SpoolError || error.message === "an error came while it was being proved") return;
    throw error;
  }

  #id(id: number): SpoolId {
    return this.#ids[id] as SpoolId;
  }
}
