import { cp, readFile, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { RocksSpool } from "rockspool";
import { type Faults, openFaultySpool } from "rockspool/testing";
import { payload } from "../support/payload.mjs";
import { idOnShard, shardPath } from "../support/shard-files.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";
import { until } from "../support/until.ts";
import { SHARDS } from "./steps.ts";

/** Small limits, so that operations wait in the admission queue: three large messages or a few calls reach them. */
const LIMITS = {
  maxPendingBytes: 64 * 1024,
  params: { limitConcurrentStores: 4, limitConcurrentRemoves: 2, limitConcurrentLoads: 4 },
} as const;

/** More than an enumeration reads of a shard at a time. */
const KEPT_A_SHARD = 20;

/** The spool that runs share: opening one takes longer than a run. */
export class World {
  readonly engine: "memory" | "rocksdb";
  spool!: RocksSpool;
  faults!: Faults;
  /** Messages that are on the disk and stay, by id. */
  readonly kept = new Map<string, Uint8Array>();
  #directory = "";
  #copies = 0;

  constructor(engine: "memory" | "rocksdb") {
    this.engine = engine;
  }

  async make(): Promise<void> {
    this.#directory = await makeTemporaryDirectory();
    await this.open();
    for (let i = 0; i < KEPT_A_SHARD * SHARDS; i++) {
      const id = idOnShard(i % SHARDS, SHARDS);
      this.kept.set(String(id), payload(i, 10 + i));
    }
    await Promise.all([...this.kept].map(([id, data]) => this.spool.store(id, data, { forceSync: true })));
  }

  async open(): Promise<void> {
    const options = { ...LIMITS, path: this.#path, shards: SHARDS, engine: this.engine };
    Object.assign(this, await openFaultySpool(options));
  }

  /** Whatever state it is in. */
  async close(): Promise<void> {
    await this.faults.release();
    await this.spool.shutdown().catch(() => {});
    await rm(this.#directory, { recursive: true, force: true });
  }

  /**
   * `mayFail`: what was given up may be on its way to the shard still, and a fault hit it there while the shard is
   * being closed.
   */
  async restart(mayFail: boolean): Promise<void> {
    await this.spool.shutdown().catch((error: unknown) => {
      if (!mayFail) throw error;
    });
    await this.open();
  }

  /**
   * One message of each shard once more, synced: what came before is on the disk, and no later power cut takes it back.
   */
  async keep(): Promise<void> {
    const some = [...this.kept].slice(0, SHARDS);
    await Promise.all(some.map(([id, data]) => this.spool.store(id, data, { forceSync: true })));
  }

  /**
   * When the shard's thread has taken what was sent to it before: it answers a load that is sent later. Never rejects.
   */
  async taken(shard: number): Promise<void> {
    await this.spool.load([...this.kept.keys()][shard] ?? "").catch(() => {});
  }

  /** Throws unless the message is one of those that are kept, byte for byte. */
  expectKept(id: string, data: Uint8Array): void {
    const kept = this.kept.get(id);
    if (kept === undefined) throw new Error(`${id} was never stored`);
    if (Buffer.compare(kept, data) !== 0) throw new Error(`${id} is not whole`);
  }

  /**
   * All threads die in the same moment and leave the files as they are; what opens next are these files. In memory the
   * power goes too: of what was not synced, the share `kept` is left.
   */
  async crash(kept: number): Promise<void> {
    const shards = Array.from({ length: SHARDS }, (_, index) => this.faults.shard(index));
    await this.faults.release();
    await this.served();
    // One that is down has no thread.
    const alive = shards.filter((_, index) => this.spool.health()[index]?.state === "open");
    const stalls = alive.map((shard) => shard.stall("open"));
    await Promise.all(alive.map((shard) => shard.kill()));
    // A shard looks at its directory, and tries it, before it is opened: by then nothing moves in it.
    await until("all shards are about to be opened", () => stalls.every(({ hits }) => hits > 0));
    const left = this.#path;
    this.#copies++;
    await cp(left, this.#path, { recursive: true });
    for (const stall of stalls) stall.release();
    await this.spool.shutdown().catch(() => {});
    await rm(left, { recursive: true, force: true });
    if (this.engine === "memory")
      await Promise.all(shards.map((_, index) => cutPower(shardPath(this.#path, index), kept)));
    await this.open();
  }

  /** No shard is on its way to be opened. */
  async served(): Promise<void> {
    await until("all shards are served", () =>
      this.spool.health().every(({ state }) => state !== "opening" && state !== "restarting"),
    );
  }

  get #path(): string {
    return join(this.#directory, `spool-${this.#copies}`);
  }
}

/** Leaves of the log what was synced, and a share of the rest that may end within a record. */
async function cutPower(shard: string, kept: number): Promise<void> {
  const file = join(shard, "memory");
  const synced = Number(await readFile(`${file}.synced`, "utf8"));
  const { size } = await stat(file);
  if (size > synced) await truncate(file, synced + Math.floor((size - synced) * kept));
}
