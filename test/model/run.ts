import { type RocksSpool, SpoolError, type SpoolId, SpoolNotFoundError } from "rockspool";
import { payload } from "../support/payload.mjs";
import { idOnShard } from "../support/shard-files.ts";
import { IDS, SHARDS, type Step } from "./steps.ts";
import type { World } from "./world.ts";
import { type Write, WriteHistory } from "./write-history.ts";

/** Longer than any deadline of the spool: what is not settled by then never is. */
const NEVER_MS = 45_000;
const LARGE_BYTES = 6000;

const shardOf = (id: number): number => id % SHARDS;

/** One run of steps on a spool, with the books on what it may say. Rejects with the first answer that cannot be true. */
export class Run {
  readonly #world: World;
  readonly #history = new WriteHistory(shardOf);
  readonly #ids: readonly SpoolId[] = Array.from({ length: IDS }, (_, id) => idOnShard(shardOf(id), SHARDS));
  readonly #underWay = new Map<Promise<void>, string>();
  readonly #mistakes: unknown[] = [];
  #values = 0;
  #abort = new AbortController();
  /** Nothing may fail until something is made to fail. */
  #disturbed = false;
  #crashing = false;

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
      case "store": {
        const value = ++this.#values;
        const { id, sync, deadlineMs, abortable } = step;
        const deadline = deadlineMs === null ? undefined : Date.now() + deadlineMs;
        const signal = abortable ? this.#abort.signal : undefined;
        const write = this.#history.begin(id, value);
        const call = spool.store(this.#id(id), bytesOf(value), { forceSync: sync, deadline, signal });
        this.#track("store", this.#written(write, call, sync ? "synced" : "written", deadline !== undefined));
        return;
      }
      case "remove": {
        const write = this.#history.begin(step.id, null);
        const signal = step.abortable ? this.#abort.signal : undefined;
        const call = spool.remove(this.#id(step.id), { signal }).then(() => "written" as const);
        this.#track("remove", this.#written(write, call, "written", false));
        return;
      }
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
      case "abort":
        this.#abort.abort(this.#abort);
        this.#abort = new AbortController();
        return;
      case "restart":
        await this.#settle();
        await this.#world.served();
        await this.#world.restart();
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
    if (step.do === "fillDisk") return faults.disk.fill();
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

  async #written(
    write: Write,
    call: Promise<"written" | "synced">,
    reached: "written" | "synced",
    deadline: boolean,
  ): Promise<void> {
    const { signal } = this.#abort;
    let answer: "written" | "synced";
    try {
      answer = await call;
    } catch (error) {
      // An abort says nothing of the outcome.
      if (signal.aborted && error === signal.reason) return this.#history.refused(write, "unknown");
      if (!(error instanceof SpoolError) || error.outcome === undefined) throw error;
      if (!this.#disturbed && !deadline) throw error;
      return this.#history.refused(write, error.outcome);
    }
    // One that did not ask for it may be in a frame with one that did.
    if (reached === "synced" && answer !== reached) throw new Error("a store that asked for a sync was not synced");
    this.#history.acknowledged(write, answer);
  }

  async #load(spool: RocksSpool, id: number): Promise<void> {
    const look = this.#history.look(id);
    let found: number | null = null;
    try {
      found = numberOf(await spool.load(this.#id(id)));
    } catch (error) {
      if (!(error instanceof SpoolNotFoundError)) return this.#failed(error);
    }
    this.#history.saw(look, found);
  }

  async #enumerate(spool: RocksSpool): Promise<void> {
    const looks = this.#ids.map((_, id) => this.#history.look(id));
    const found = new Map<number, number>();
    let failure: unknown = null;
    try {
      for await (const entry of spool.enumerate({ createdBefore: new Date(Date.now() + 60_000) })) {
        if (entry.kind === "corrupt") throw new Error(`an entry is corrupt: ${entry.error.message}`);
        const id = this.#ids.findIndex((own) => own.equals(entry.id));
        if (found.has(id)) throw new Error(`id ${id} was enumerated twice`);
        if (id >= 0) found.set(id, numberOf(entry.data));
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
    if (!this.#disturbed || !(error instanceof Error)) throw error;
    if (error instanceof SpoolError || error.message === "an error came while it was being proved") return;
    throw error;
  }

  #track(name: string, call: Promise<void>): void {
    const tracked = call
      .catch((error: unknown) => {
        this.#mistakes.push(error);
      })
      .finally(() => this.#underWay.delete(tracked));
    this.#underWay.set(tracked, name);
  }

  /** Nothing holds what is under way any more, and all of it is answered. */
  async #settle(): Promise<void> {
    await this.#world.faults.release();
    let timer: NodeJS.Timeout | undefined;
    const never = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, NEVER_MS);
    });
    await Promise.race([Promise.all(this.#underWay.keys()), never]);
    clearTimeout(timer);
    if (this.#underWay.size > 0) throw new Error(`never settled: ${[...this.#underWay.values()].join(", ")}`);
    this.#check();
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
  }

  #id(id: number): SpoolId {
    return this.#ids[id] as SpoolId;
  }

  #check(): void {
    if (this.#mistakes.length > 0) throw this.#mistakes[0];
  }
}

/** Every fourth is large enough to be compressed. */
function bytesOf(value: number): Uint8Array {
  const bytes = payload(value, 4 + (value % 4 === 0 ? LARGE_BYTES : value % 50));
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** Throws where it is not whole. */
function numberOf(bytes: Uint8Array): number {
  const value = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  if (Buffer.compare(bytes, bytesOf(value)) !== 0) throw new Error(`value ${value} is not whole`);
  return value;
}
