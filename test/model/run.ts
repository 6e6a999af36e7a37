import { SpoolShardLostError } from "rockspool";
import { until } from "../support/until.ts";
import { Calls } from "./calls.ts";
import { IDS, SHARDS, type Step } from "./steps.ts";
import { inTime, UnderWay } from "./under-way.ts";
import type { World } from "./world.ts";

/** Many times longer than a call takes to reach the engine. */
const HIT_MS = 500;

/**
 * One run of steps on a spool, with the books on what it may say. Rejects with the first answer that cannot be true.
 */
export class Run {
  readonly #world: World;
  readonly #calls: Calls;
  readonly #underWay = new UnderWay();
  #stall: { readonly hits: number } | null = null;

  constructor(world: World) {
    this.#world = world;
    this.#calls = new Calls(world);
  }

  async take(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      await this.#step(step);
      this.#underWay.check();
    }
    await this.#settle();
    await this.#heal();
    await this.#compare();
  }

  async #step(step: Step): Promise<void> {
    const { faults } = this.#world;
    const calls = this.#calls;
    switch (step.do) {
      case "store":
      case "remove":
        return this.#underWay.begin(step.do, calls.write(step), step.do === "store" && step.deadlineMs !== null);
      case "load":
        return this.#underWay.begin(step.do, calls.load(step.id));
      case "enumerate":
      case "compact":
      case "adviseLowMemory":
        return this.#underWay.begin(step.do, calls[step.do]());
      case "pause":
        for (let turn = 0; turn < step.turns; turn++) await new Promise((resolve) => setImmediate(resolve));
        return;
      case "settle":
        return this.#settle();
      case "hit":
        // One that never is has been passed by: nothing came of it.
        await until("it is hit", () => this.#underWay.none || (this.#stall?.hits ?? 1) > 0, HIT_MS).catch(() => {});
        return;
      case "taken":
        await inTime(this.#world.taken(step.shard), HIT_MS);
        return;
      case "overdue":
        return this.#underWay.overdue();
      case "abort":
        return calls.abort();
      case "restart":
        await this.#settle();
        await this.#world.served();
        await this.#world.restart(calls.disturbed);
        return calls.reopened();
      case "shutdown":
        return this.#shutdown();
      case "crash":
        return this.#crash(step.kept);
      case "clock":
        return faults.clock.advance(step.duration);
      case "freeDisk":
        calls.full = false;
        return faults.disk.free();
      case "release":
        return faults.shard(step.shard).release();
      case "loseIndex":
        // Nothing is lost by it, but the shard latches at its next look.
        calls.disturbed = true;
        return this.#world.loseIndex(step.shard);
      case "unlatch":
        faults.shard(step.shard).release();
        return this.#underWay.begin(step.do, calls.unlatch(step.shard));
      default:
        calls.disturbed = true;
        return this.#disturb(step);
    }
  }

  async #disturb(
    step: Extract<Step, { do: "fillDisk" | "stall" | "fail" | "dieAt" | "die" | "latch" }>,
  ): Promise<void> {
    const { spool, faults } = this.#world;
    if (step.do === "fillDisk") {
      await faults.disk.fill();
      this.#calls.full = true;
      return;
    }
    const shard = faults.shard(step.shard);
    switch (step.do) {
      case "stall":
        this.#stall = shard.stall(step.call, { late: step.late });
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
        return spool.latch(step.shard, "the operator");
    }
  }

  /** Releases all stalls and waits until every pending call is answered. */
  async #settle(): Promise<void> {
    await this.#release();
    await this.#underWay.settled();
  }

  async #release(): Promise<void> {
    await this.#world.faults.release();
    this.#calls.full = false;
  }

  async #crash(kept: number): Promise<void> {
    const calls = this.#calls;
    calls.disturbed = calls.crashing = true;
    await this.#world.crash(kept, (body) => calls.isSynced(body));
    await this.#settle();
    calls.crashing = false;
    if (this.#world.engine === "memory") calls.history.powerCut();
    calls.reopened();
  }

  /** Shuts down with calls pending: by its end all are answered, writes and loads as without a shutdown. */
  async #shutdown(): Promise<void> {
    const calls = this.#calls;
    const { spool } = this.#world;
    await this.#release();
    calls.closing = true;
    try {
      await spool.shutdown();
    } catch (error) {
      if (!calls.disturbed) throw error;
    }
    // A turn for the reactions of promises that have settled.
    await new Promise((resolve) => setImmediate(resolve));
    this.#underWay.expectNone();
    calls.closing = false;
    await this.#world.open();
    calls.reopened();
  }

  /** Without faults every shard can be brought back to work. */
  async #heal(): Promise<void> {
    const { spool } = this.#world;
    await this.#world.served();
    // Whether it is latched or not: a sync that failed is final until the shard is opened again, and a proof does that.
    for (let shard = 0; shard < SHARDS; shard++) {
      // Deadlines that are reached, in this run and those before, are errors too: where the clock moves between them
      // they latch.
      if (!this.#calls.disturbed && !spool.health()[shard]?.reason?.startsWith("errors for ")) continue;
      await spool.unlatch(shard).catch(async (error: unknown) => {
        // The last death may come while it is being proved: once it is over, nothing is in the way.
        if (!(error instanceof SpoolShardLostError)) throw error;
        await this.#world.served();
        await spool.unlatch(shard);
      });
    }
    const states = spool
      .health()
      .map(({ state, latched, reason }) => `${state}${latched ? `, latched: ${reason}` : ""}`);
    if (states.some((state) => state !== "open")) throw new Error(`not healed: ${states.join("; ")}`);
    this.#calls.disturbed = false;
  }

  /** Now that nothing moves: loads and an enumeration agree with the books. Then the ids are removed. */
  async #compare(): Promise<void> {
    const ids = [...Array(IDS).keys()];
    await Promise.all(ids.map((id) => this.#calls.load(id)));
    await this.#calls.enumerate();
    for (const id of ids) await this.#step({ do: "remove", id, abortable: false });
    await this.#settle();
    await this.#calls.enumerate();
    await this.#world.keep();
  }
}
