import { type RocksSpool, SpoolClosedError, SpoolError, type SpoolId, SpoolNotFoundError } from "rockspool";
import { idOnShard } from "../support/shard-files.ts";
import { expectLatched, expectRefused, refusalNow } from "./refusals.ts";
import { IDS, SHARDS, type Step } from "./steps.ts";
import { bytesOf, numberOf } from "./values.ts";
import type { World } from "./world.ts";
import { WriteHistory } from "./write-history.ts";

/** Longer than any deadline of the spool: what is not settled by then never is. */
const NEVER_MS = 45_000;

const shardOf = (id: number): number => id % SHARDS;

/** One run of steps on a spool, with the books on what it may say. Rejects with the first answer that cannot be true. */
export class Run {
  readonly #world: World;
  readonly #history = new WriteHistory(shardOf);
  readonly #ids: readonly SpoolId[] = Array.from({ length: IDS }, (_, id) => idOnShard(shardOf(id), SHARDS));
  readonly #underWay = new Map<Promise<void>, string>();
  /** Those under way that have a deadline. */
  readonly #limited = new Map<Promise<void>, string>();
  readonly #mistakes: unknown[] = [];
  #values = 0;
  #abort = new AbortController();
  /** Nothing may fail until something is made to fail. */
  #disturbed = false;
  #crashing = false;
  #closing = false;
  #full = false;

  constructor(world: World) {
    this.#world = world;
  }

  async take(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      await this.#step(step);
      this.#check();
    }
    await this.#settle();
    await this.#heal();
    await this.#compare();
  }

  async #step(step: Step): Promise<void> {
    const { spool, faults } = this.#world;
    switch (step.do) {
      case "store":
      case "remove":
        this.#track(step.do, this.#write(spool, step), step.do === "store" && step.deadlineMs !== null);
        return;
      case "load":
        this.#track("load", this.#load(spool, step.id));
        return;
      case "enumerate":
        this.#track("enumerate", this.#enumerate(spool));
        return;
      case "compact":
        this.#track("compact", this.#compact(spool));
        return;
      case "adviseLowMemory":
        this.#track("adviseLowMemory", this.#mayFail(spool.adviseLowMemory()));
        return;
      case "pause":
        for (let turn = 0; turn < step.turns; turn++) await new Promise((resolve) => setImmediate(resolve));
        return;
      case "settle":
        return this.#settle();
      case "overdue":
        return this.#answered(this.#limited);
      case "abort":
        this.#abort.abort(this.#abort);
        this.#abort = new AbortController();
        return;
      case "restart":
        await this.#settle();
        await this.#world.served();
        await this.#world.restart();
        return this.#reopened();
      case "shutdown":
        await this.#shutdown();
        return this.#reopened();
      case "crash":
        this.#disturbed = this.#crashing = true;
        await this.#world.crash(step.kept);
        await this.#settle();
        this.#crashing = false;
        if (this.#world.engine === "memory") this.#history.powerCut();
        return this.#reopened();
      case "clock":
        return faults.clock.advance(step.duration);
      case "freeDisk":
        this.#full = false;
        return faults.disk.free();
      case "release":
        faults.shard(step.shard).release();
        return;
      case "unlatch":
        faults.shard(step.shard).release();
        this.#track("unlatch", this.#mayFail(spool.unlatch(step.shard)));
        return;
      default:
        this.#disturbed = true;
        return this.#disturb(step);
    }
  }

  async #disturb(
    step: Extract<Step, { do: "fillDisk" | "stall" | "fail" | "dieAt" | "die" | "latch" }>,
  ): Promise<void> {
    const { spool, faults } = this.#world;
    if (step.do === "fillDisk") {
      await faults.disk.fill();
      this.#full = true;
      return;
    }
    const shard = faults.shard(step.shard);
    switch (step.do) {
      case "stall":
        shard.stall(step.call);
        return;
      case "fail": {
        const { call, ...fault } = step;
        shard.fail(call, fault);
        return;
      }
      case "dieAt":
        shard.exitAt(step.call, { late: step.late, after: step.after });
        return;
      case "die":
        if (spool.health()[step.shard]?.state === "open") await shard[step.how]();
        return;
      case "latch":
        return spool.latch(step.shard, "the operator's hand");
    }
  }

  async #write(spool: RocksSpool, step: Extract<Step, { do: "store" | "remove" }>): Promise<void> {
    const { signal } = this.#abort;
    const { do: does, id, sync, deadlineMs } = { sync: false, deadlineMs: null, ...step };
    const shard = shardOf(id);
    const begunMs = Date.now();
    const refusal = refusalNow(spool, this.#full, { do: does, shard, deadlineMs });
    const value = does === "store" ? ++this.#values : null;
    const write = this.#history.begin(id, value);
    let answer: "written" | "synced";
    try {
      answer = await this.#call(spool, step, value);
    } catch (error) {
      if (refusal !== null) expectRefused(refusal, error);
      // An abort says nothing of the outcome.
      if (signal.aborted && error === signal.reason) return this.#history.refused(write, "unknown");
      if (!(error instanceof SpoolError) || error.outcome === undefined) throw error;
      if (!this.#disturbed && deadlineMs === null) throw error;
      expectLatched(spool, shard, begunMs, error);
      return this.#history.refused(write, error.outcome);
    }
    if (refusal !== null) expectRefused(refusal, null);
    // One that did not ask for it may be in a frame with one that did.
    if (sync && answer !== "synced") throw new Error("a store that asked for a sync was not synced");
    this.#history.acknowledged(write, answer);
  }

  async #call(
    spool: RocksSpool,
    step: Extract<Step, { do: "store" | "remove" }>,
    value: number | null,
  ): Promise<"written" | "synced"> {
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

  async #load(spool: RocksSpool, id: number): Promise<void> {
    const begunMs = Date.now();
    const look = this.#history.look(id);
    let found: number | null = null;
    try {
      found = numberOf(await spool.load(this.#id(id)));
    } catch (error) {
      expectLatched(spool, shardOf(id), begunMs, error);
      if (!(error instanceof SpoolNotFoundError)) return this.#failed(error);
    }
    this.#history.saw(look, found);
  }

  async #enumerate(spool: RocksSpool): Promise<void> {
    const looks = this.#ids.map((_, id) => this.#history.look(id));
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
      this.#failed(error);
    }
    for (const [id, look] of looks.entries()) {
      const value = found.get(id) ?? null;
      // An enumeration that failed says nothing of what it did not come to.
      if (failure === null || value !== null) this.#history.saw(look, value);
    }
    if (failure !== null) return;
    for (const kept of this.#world.kept.keys()) if (!seen.has(kept)) throw new Error(`${kept} was not enumerated`);
  }

  async #compact(spool: RocksSpool): Promise<void> {
    const newest = Array.from({ length: SHARDS }, (_, shard) => this.#history.newest(shard));
    try {
      await spool.compact();
    } catch (error) {
      return this.#failed(error);
    }
    // After a crash it was of the files that nobody opens again.
    if (!this.#crashing) for (const [shard, sequence] of newest.entries()) this.#history.flushed(shard, sequence);
  }

  async #mayFail(call: Promise<unknown>): Promise<void> {
    try {
      await call;
    } catch (error) {
      this.#failed(error);
    }
  }

  /** An operation failed: only where something was made to fail, and only as a spool does. */
  #failed(error: unknown): void {
    if (this.#closing && error instanceof SpoolClosedError) return;
    if (!this.#disturbed || !(error instanceof Error)) throw error;
    if (error instanceof SpoolError || error.message === "an error came while it was being proved") return;
    throw error;
  }

  #track(name: string, call: Promise<void>, limited = false): void {
    const tracked = call
      .catch((error: unknown) => {
        this.#mistakes.push(error);
      })
      .finally(() => {
        this.#underWay.delete(tracked);
        this.#limited.delete(tracked);
      });
    this.#underWay.set(tracked, name);
    if (limited) this.#limited.set(tracked, name);
  }

  /** Nothing holds what is under way any more, and all of it is answered. */
  async #settle(): Promise<void> {
    await this.#world.faults.release();
    this.#full = false;
    await this.#answered(this.#underWay);
  }

  /** All of them are settled, each in its time. */
  async #answered(calls: ReadonlyMap<Promise<void>, string>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const never = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, NEVER_MS);
    });
    await Promise.race([Promise.all(calls.keys()), never]);
    clearTimeout(timer);
    if (calls.size > 0) throw new Error(`never settled: ${[...calls.values()].join(", ")}`);
    this.#check();
  }

  /** With operations under way: all of them are answered by its end, and writes as if there were none. */
  async #shutdown(): Promise<void> {
    const { spool, faults } = this.#world;
    await faults.release();
    this.#full = false;
    this.#closing = true;
    try {
      await spool.shutdown();
    } catch (error) {
      this.#failed(error);
    }
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#underWay.size > 0) throw new Error(`not settled: ${[...this.#underWay.values()].join(", ")}`);
    this.#closing = false;
    await this.#world.open();
  }

  /** What a shard opens with is on the disk. */
  #reopened(): void {
    this.#history.threadsGone();
    for (let shard = 0; shard < SHARDS; shard++) this.#history.flushed(shard, this.#history.newest(shard));
  }

  /** Without faults every shard can be brought back to work. */
  async #heal(): Promise<void> {
    const { spool } = this.#world;
    await this.#world.served();
    for (let shard = 0; shard < SHARDS; shard++) if (spool.health()[shard]?.latched) await spool.unlatch(shard);
    const states = spool.health().map(({ state, latched }) => `${state}${latched ? ", latched" : ""}`);
    if (states.some((state) => state !== "open")) throw new Error(`not healed: ${states.join("; ")}`);
    this.#disturbed = false;
  }

  /** Now that nothing moves: loads and an enumeration agree with the books. Then the ids are removed. */
  async #compare(): Promise<void> {
    const { spool } = this.#world;
    await Promise.all(this.#ids.map((_, id) => this.#load(spool, id)));
    await this.#enumerate(spool);
    for (const id of this.#ids.keys()) await this.#step({ do: "remove", id, abortable: false });
    await this.#settle();
    await this.#enumerate(spool);
    await this.#world.keep();
  }

  #id(id: number): SpoolId {
    return this.#ids[id] as SpoolId;
  }

  #check(): void {
    if (this.#mistakes.length > 0) throw this.#mistakes[0];
  }
}
