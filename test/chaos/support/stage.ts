import { rm } from "node:fs/promises";
import { openSpool, type RocksSpool, type ShardHealth, type SpoolEngineError } from "rockspool";
import { expect } from "vitest";
import { payload } from "../../support/payload.mjs";
import { seededRandom } from "../../support/random.mjs";
import { RecordingLogger } from "../../support/recording-logger.ts";
import { rejection } from "../../support/rejection.ts";
import { idOnShard, shardOf } from "../../support/shard-files.ts";
import type { OpenOptions } from "../../support/spool-kinds.ts";
import { makeTemporaryDirectory } from "../../support/temporary-directory.ts";
import { until } from "../../support/until.ts";
import { Gauges } from "./gauges.ts";
import { type Failure, Ledger, type Message } from "./ledger.ts";
import { Load } from "./load.ts";

/**
 * Small tables and segments, and short waits; long enough that what a latched shard says can be read before it proves
 * that it works.
 */
const PARAMS = {
  writeBufferSize: 64 * 1024,
  segmentSize: 256 * 1024,
  errorLatchDuration: 100,
  errorUnlatchDuration: 500,
  // What is stored is found again in the files, as it is.
  compressionType: "none",
} as const;
const MONITOR_INTERVAL_MS = 25;

/** Messages that the load leaves alone, a shard. */
const CARGO = 150;
const CARGO_BYTES = 1200;

/** How long a damaged shard may take to notice, to heal, to be opened again. */
export const PATIENCE_MS = 45_000;

type StageOptions = Partial<OpenOptions> & { random?: () => number };

/**
 * A spool of several shards with cargo in each and a load on all of them, for one shard to be damaged and the others to
 * be watched.
 */
export class Stage implements AsyncDisposable {
  readonly path: string;
  readonly shards: number;
  readonly ledger = new Ledger();
  readonly random: () => number;
  readonly #options: Partial<OpenOptions>;
  /** The shard that may fail; null for any. */
  #victim: number | null = null;
  #spool: RocksSpool | null = null;
  #cargo: Message[][] = [];
  #load: Load | null = null;
  #gauges = new Gauges();
  #logger = new RecordingLogger();

  static async open(shards: number, { random = seededRandom(1), ...options }: StageOptions = {}): Promise<Stage> {
    const stage = new Stage(await makeTemporaryDirectory(), shards, random, options);
    await stage.open();
    return stage;
  }

  private constructor(path: string, shards: number, random: () => number, options: Partial<OpenOptions>) {
    this.path = path;
    this.shards = shards;
    this.random = random;
    this.#options = options;
    this.ledger.onFailure = (failure) => this.#judge(failure);
  }

  get spool(): RocksSpool {
    return this.#spool ?? expect.fail("the spool is closed");
  }

  /** What an operator was told, by this opening of the spool. */
  get alarms(): readonly string[] {
    return this.#logger.alarms;
  }

  /** Without a load. */
  async open(): Promise<void> {
    this.#gauges = new Gauges();
    this.#logger = new RecordingLogger();
    this.#spool = await openSpool({
      path: this.path,
      shards: this.shards,
      monitorInterval: MONITOR_INTERVAL_MS,
      logger: this.#logger,
      registry: this.#gauges.registry,
      ...this.#options,
      params: { ...PARAMS, ...this.#options.params },
    });
    if (this.#cargo.length === 0) await this.#takeCargo();
  }

  /** Runs on all shards until it is stopped; one that runs goes on. */
  startLoad(): void {
    if (this.#load !== null) return;
    const cargo = new Set(this.#cargo.flat());
    const kept = Array.from({ length: this.shards }, (_, shard) =>
      this.ledger.acknowledgedOn(shard).filter((message) => !cargo.has(message)),
    );
    this.#load = new Load(this.spool, this.ledger, kept);
  }

  async stopLoad(): Promise<void> {
    await this.#load?.stop();
    this.#load = null;
    await this.ledger.settled();
  }

  async close(): Promise<void> {
    await this.stopLoad();
    const spool = this.#spool;
    this.#spool = null;
    await spool?.shutdown();
  }

  /** Closes the spool, does something to its files, and opens it again under load. */
  async restart(between: () => Promise<void> = async () => {}): Promise<void> {
    // A shard that cannot write everything out says so, and is closed all the same.
    await this.close().catch(() => {});
    await between();
    await this.open();
    this.startLoad();
  }

  /** With the load standing still: everything that was acknowledged is there. */
  async expectKept(except?: ReadonlySet<string>): Promise<void> {
    await this.stopLoad();
    await this.ledger.expectKept(this.spool, except);
  }

  /**
   * With the load standing still: an enumeration gives everything that was acknowledged once, and nothing that was
   * removed.
   */
  async expectEnumerated(): Promise<void> {
    const entries = this.spool.enumerate({ createdBefore: new Date(Date.now() + 60_000) });
    await this.ledger.expectEnumerated(entries);
  }

  /** How many messages each shard has acknowledged so far. */
  acknowledged(): readonly number[] {
    return [...this.ledger.acknowledgements];
  }

  cargo(shard: number): readonly Message[] {
    return this.#cargo[shard] ?? [];
  }

  health(shard: number): ShardHealth {
    return this.spool.health()[shard] ?? expect.fail(`there is no shard ${shard}`);
  }

  serves(shard: number): boolean {
    const { state, latched } = this.health(shard);
    return state === "open" && !latched;
  }

  async untilServed(shard: number): Promise<void> {
    await until(`shard ${shard} takes writes`, () => this.serves(shard), PATIENCE_MS).catch((error: Error) => {
      const { state, reason } = this.health(shard);
      throw new Error(`${error.message}: ${state}, ${reason}\n${this.alarms.slice(-5).join("\n")}`);
    });
    const id = idOnShard(shard, this.shards);
    expect(await this.ledger.store(this.spool, id, shard, 100, true), "it takes a message").not.toBeNull();
  }

  async untilLatched(shard: number): Promise<void> {
    await until(`shard ${shard} is latched`, () => this.isLatched(shard), PATIENCE_MS);
  }

  /** Latched, with a reason: the thread that latches stores that microseconds later. */
  isLatched(shard: number): boolean {
    const { latched, history } = this.health(shard);
    return latched && history.at(-1)?.latched === true;
  }

  /** Called in the turn in which the shard is known to be latched: what everybody is told. */
  async expectRefused(shard: number, reason: RegExp): Promise<void> {
    const { latched, reason: why, since, history } = this.health(shard);
    expect({ latched, since }).toEqual({ latched: true, since: expect.any(Date) });
    expect(why).toMatch(reason);
    expect(history.at(-1)).toMatchObject({ latched: true, reason: expect.stringMatching(/./) });
    for (let i = 0; i < 20; i++)
      expect(shardOf(this.spool.newId(), this.shards), "newId steers around it").not.toBe(shard);
    expect(this.spool.unhealthyReason(), "the other shards take writes").toBeNull();
    const [message] = this.cargo(shard);
    const refused = [
      this.spool.store(idOnShard(shard, this.shards), payload(1, 10)),
      this.spool.store(idOnShard(shard, this.shards), payload(1, 10), { forceSync: true }),
      this.spool.remove(message?.id ?? idOnShard(shard, this.shards)),
    ].map((write) => rejection(write));
    const shed = this.#gauges.scrape("load_shed_active");
    for (const error of await Promise.all(refused))
      expect(error).toMatchObject({ code: "SPOOL_UNHEALTHY", outcome: "not-written" });
    for (const other of this.spool.health())
      expect((await shed).get(other.path), `load_shed_active of ${other.path}`).toBe(Number(other.index === shard));
    const { path } = this.health(shard);
    await until("the log says so", () => this.alarms.some((line) => line.includes(path)), PATIENCE_MS);
  }

  /** From now on, and at once, a failure in any other shard is one of the test. */
  watch(victim: number): void {
    this.#victim = victim;
  }

  /** For whoever has to find out what went wrong. */
  report(): string {
    const shards = this.#spool
      ?.health()
      .map(({ index, state, latched, reason }) => `shard ${index}: ${state} ${latched} ${reason}`) ?? ["closed"];
    const failures = Array.from(
      { length: this.shards },
      (_, shard) => `failures of ${shard}: ${this.ledger.failuresOn(shard)}`,
    );
    return [...shards, ...failures, ...this.alarms.slice(-10)].join("\n");
  }

  /** No other shard failed an operation, counted an error, or was latched for a moment. */
  expectOthersUntouched(shard: number): void {
    for (const {
      index,
      state,
      latched,
      foregroundErrors,
      backgroundErrors,
      restarts,
      history,
    } of this.spool.health()) {
      if (index === shard) continue;
      expect(this.ledger.failuresOn(index), `failures of shard ${index}`).toEqual([]);
      expect({ state, latched, foregroundErrors, backgroundErrors, restarts, history }).toEqual({
        state: "open",
        latched: false,
        foregroundErrors: 0,
        backgroundErrors: 0,
        restarts: 0,
        history: [],
      });
    }
    expect(this.ledger.lies).toEqual([]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close().catch(() => {});
    await rm(this.path, { recursive: true, force: true });
  }

  async #takeCargo(): Promise<void> {
    for (let shard = 0; shard < this.shards; shard++) {
      const stores = Array.from({ length: CARGO }, () =>
        this.ledger.store(this.spool, idOnShard(shard, this.shards), shard, CARGO_BYTES, false),
      );
      this.#cargo.push((await Promise.all(stores)).filter((message) => message !== null));
    }
  }

  /** In the turn in which somebody is told of damage, the shard is latched, or has been since. */
  #judge({ shard, error }: Failure): void {
    const { code, kind } = error as SpoolEngineError;
    if (this.#victim !== null && shard !== this.#victim)
      this.ledger.lie(`shard ${shard} failed too: ${code} ${error.message}`);
    if (code !== "SPOOL_ENGINE" || (kind !== "io" && kind !== "corruption")) return;
    const { latched, history } = this.health(shard);
    if (!latched && history.length === 0) this.ledger.lie(`shard ${shard} is open after ${kind}: ${error.message}`);
  }
}
