import { cp, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import type { RocksSpool } from "rockspool";
import { type Faults, openFaultySpool } from "rockspool/testing";
import { type LogBlock, readSegment, segmentFile, segmentNumbers } from "../support/message-log.ts";
import { payload } from "../support/payload.mjs";
import { changeMark, idOnShard, indexPath, logPath, readMark } from "../support/shard-files.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";
import { until } from "../support/until.ts";
import { SHARDS } from "./steps.ts";

/** So little that operations wait in line: three large messages fill it, or a few calls of a kind. */
const LIMITS = {
  maxPendingBytes: 64 * 1024,
  // A power cut finds messages in the log's bytes.
  params: {
    limitConcurrentStores: 4,
    limitConcurrentRemoves: 2,
    limitConcurrentLoads: 4,
    compressionType: "none",
  },
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

  /** Throws where nobody stored it so. */
  expectKept(id: string, data: Uint8Array): void {
    const kept = this.kept.get(id);
    if (kept === undefined) throw new Error(`nobody stored ${id}`);
    if (Buffer.compare(kept, data) !== 0) throw new Error(`${id} is not whole`);
  }

  /** The directory of a shard's index goes away. In memory there is none. */
  async loseIndex(shard: number): Promise<void> {
    if (this.engine === "rocksdb")
      await rm(await indexPath(this.#path, shard), { recursive: true, force: true, maxRetries: 10 });
  }

  /**
   * All threads die in the same moment and leave the files as they are; what opens next are these files. In memory the
   * power goes too: of what was not synced, the share `kept` is left. On RocksDB the index is believed where more than
   * half is kept.
   */
  async crash(kept: number, isSynced: (body: Uint8Array) => boolean): Promise<void> {
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
    // What is kept was synced.
    const stays = [...this.kept.values()];
    const onDisk = (body: Uint8Array): boolean =>
      isSynced(body) || stays.some((one) => Buffer.compare(one, body) === 0);
    if (this.engine === "memory")
      await Promise.all(shards.map((_, index) => cutPower(this.#path, index, kept, onDisk)));
    else if (kept > 0.5) await Promise.all(shards.map((_, index) => keepPlace(this.#path, index)));
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

/**
 * Leaves of a shard's log what was synced, and a share of the rest that may end within a record. Synced is what the
 * mark says, and every block up to the last with a message that was answered so.
 */
async function cutPower(
  spool: string,
  shard: number,
  kept: number,
  isSynced: (body: Uint8Array) => boolean,
): Promise<void> {
  const mark = await readMark(spool, shard);
  const directory = logPath(spool, shard);
  const blocks: LogBlock[] = [];
  for (const segment of await segmentNumbers(directory))
    blocks.push(...(await readSegment(directory, segment, mark)).blocks);
  const last = blocks.findLastIndex(
    ({ block, records }) => block <= mark.synced || records.some(({ op, body }) => op === "store" && isSynced(body)),
  );
  const rest = blocks.slice(last + 1);
  let left = Math.floor(rest.reduce((sum, { bytes }) => sum + bytes, 0) * kept);
  for (const { segment, offset, bytes } of rest) {
    if (left < bytes) await shorten(segmentFile(directory, segment), offset + left);
    left = Math.max(0, left - bytes);
  }
}

async function shorten(file: string, bytes: number): Promise<void> {
  if ((await stat(file)).size > bytes) await truncate(file, bytes);
}

/** The copy passes for the place that the mark was written in, as if nothing had been copied. */
async function keepPlace(spool: string, shard: number): Promise<void> {
  const { dev, ino } = await stat(logPath(spool, shard), { bigint: true });
  await changeMark(spool, shard, { place: `${dev}:${ino}` });
}
