import type { MessagePort } from "node:worker_threads";
import {
  Frame,
  FrameKind,
  type LogLevel,
  must,
  type ShardGate,
  ShardStatus,
  SpoolEngineError,
  toErrorRecord,
} from "@rockspool/core";
import type { Engine } from "../engine/engine.ts";
import { toEngineError } from "../engine/engine-error.ts";
import { FileGuard } from "../healing/file-guard.ts";
import { sendEntries } from "../lanes/enumeration.ts";
import { GroupCommit } from "../lanes/group-commit.ts";
import { MultiGet } from "../lanes/multi-get.ts";
import { StallCheck } from "../lanes/stall-check.ts";
import { ValueCodec } from "../lanes/value-codec.ts";
import type { FrameAnswer, Loss, Opened, Proof, ServeShardTask } from "../protocol/protocol.ts";
import { ForegroundErrors } from "./foreground-errors.ts";
import { MarkWriter } from "./mark-writer.ts";
import { Sampler } from "./sampler.ts";

/**
 * One open shard on its thread. A shard with a loss serves only reads, and its gate is latched.
 *
 *     frame of writes ──▶ group commit ──▶ engine ──▶ answer
 *     frame of reads ───▶ multi-get ─────▶ engine ──▶ answer
 *     monitor tick (each monitor interval): heartbeat, sample, restore missing files, sync, mark
 */
export class Shard {
  readonly loss: Loss | null;
  readonly #task: ServeShardTask;
  readonly #engine: Engine;
  readonly #codec: ValueCodec;
  readonly #status: ShardStatus;
  readonly #gate: ShardGate;
  readonly #errors: ForegroundErrors;
  /** Null on a shard with a loss, as is the mark writer. */
  readonly #writes: GroupCommit | null;
  readonly #markWriter: MarkWriter | null;
  readonly #reads: MultiGet;
  readonly #sampler: Sampler;
  /** Null where the engine has no files. */
  readonly #fileGuard: FileGuard | null;
  #ticking: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;

  /** With a loss `engine` is open read-only, and `batchNumber` is not used. */
  constructor(task: ServeShardTask, engine: Engine, batchNumber: number, loss: Loss | null) {
    const { index, path, params, data } = task;
    this.#task = task;
    this.#engine = engine;
    this.loss = loss;
    this.#codec = new ValueCodec(params.compressionType, params.compressionMinBytes);
    this.#status = new ShardStatus(task.status, index);
    this.#gate = this.#status.gate;
    const log = this.#log.bind(this);
    this.#errors = new ForegroundErrors({ gate: this.#gate, shard: index, path, log });
    const onError = (error: Error): void => this.#errors.record(error);
    this.#sampler = new Sampler(engine, { shard: index, path }, log);
    const { files } = engine;
    this.#fileGuard = files && new FileGuard({ files, shard: index, path, layoutPath: task.layoutPath, onError, log });
    const parts = {
      engine,
      codec: this.#codec,
      path,
      answer: (answer: FrameAnswer) => {
        data.postMessage(answer, [answer instanceof ArrayBuffer ? answer : answer.buffer]);
      },
      onError,
    };
    if (loss === null) {
      const stallCheck = new StallCheck(engine, params);
      this.#writes = new GroupCommit({ ...parts, stallCheck, status: this.#status, batchNumber });
      this.#markWriter = new MarkWriter(engine, this.#writes, task.markPath);
      this.#reads = new MultiGet({ ...parts, absent: null });
    } else {
      this.#writes = this.#markWriter = null;
      this.#reads = new MultiGet({ ...parts, absent: toErrorRecord(this.#mayBeLost(loss), path) });
      this.#latchForLoss(loss);
    }
  }

  get opened(): Opened {
    return { state: this.loss === null ? "open" : "read-only", loss: this.loss };
  }

  serve(): void {
    this.#task.data.on("message", (buffer: ArrayBuffer) => this.#take(buffer));
    this.#timer = setInterval(() => void this.tick(), this.#task.monitorIntervalMs);
    void this.tick();
  }

  async compact(): Promise<void> {
    try {
      await this.#engine.flush();
      await this.#engine.compact();
    } catch (error) {
      this.#errors.record(error as Error);
      throw error;
    }
  }

  /**
   * Resolves to the number of bytes saved. A failed flush is counted and logged, but does not reject, as in KumoMTA.
   */
  async adviseLowMemory(): Promise<number> {
    const before = await this.#sampler.memoryBytes("pre-flush");
    try {
      await this.#engine.flush();
    } catch (error) {
      this.#sampler.failed("flushing memory", error as Error);
      this.#errors.record(error as Error);
    }
    return before - (await this.#sampler.memoryBytes("post-flush"));
  }

  /** Proves that a latched shard works again. A failure is not counted as a foreground error: no operation met it. */
  async prove(): Promise<Proof> {
    if (this.#writes === null) {
      return this.#notProved(this.#mayBeLost(must(this.loss, "the loss of a read-only shard")), false);
    }
    try {
      await this.#ticking;
      if (this.#fileGuard !== null) {
        const missing = await this.#fileGuard.restoreMissing(true);
        if (missing.length > 0) {
          const mayReopen = this.#fileGuard.areRestoredByClosing(missing);
          return this.#notProved(this.#fileGuard.areMissing(missing), mayReopen);
        }
      }
      await this.#writes.prove();
      return { failure: null, mayReopen: false };
    } catch (error) {
      return this.#notProved(error, true);
    }
  }

  /**
   * A monitor tick. Resolves when the status block has the sample; sync and mark follow, unless those of an earlier
   * tick are still running, because a disk may hang. Never rejects.
   */
  async tick(): Promise<void> {
    this.#status.beat();
    const sampled = this.#sampler.sample(this.#status);
    this.#ticking ??= this.#syncAndMark(sampled).finally(() => {
      this.#ticking = null;
    });
    await sampled.catch(() => {});
  }

  /** Writes the mark if a newer numbered batch is on the disk. */
  async mark(): Promise<void> {
    await this.#markWriter?.write();
  }

  enumerate(port: MessagePort, createdBeforeMs: number): void {
    const { path } = this.#task;
    const onError = (error: Error): void => this.#errors.record(error);
    void sendEntries({ engine: this.#engine, codec: this.#codec, path, createdBeforeMs, onError }, port);
  }

  /**
   * Answers every frame in the lanes, writes everything to disk, marks and closes. The engine is closed even if a step
   * before fails.
   */
  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#ticking;
    await Promise.all([this.#writes?.idle(), this.#reads.idle()]);
    try {
      if (this.#writes !== null) {
        // Last chance: RocksDB still holds removed files open.
        await this.#fileGuard?.restoreMissing(true);
        if (!this.#gate.latched) {
          await this.#writes.sync();
          await this.#engine.flush();
          // Again: a stall may have kept the number out of the first sync.
          await this.#writes.sync();
          await this.mark();
        }
      }
    } finally {
      if (this.#fileGuard?.isSpoolGone === true) this.#engine.files?.stopRestoring();
      await this.#engine.close();
    }
  }

  #take(buffer: ArrayBuffer): void {
    const { kind } = new Frame(buffer);
    if (kind === FrameKind.Read) this.#reads.push(buffer);
    else if (kind === FrameKind.Write && this.#writes !== null) this.#writes.push(buffer);
    // A read-only shard is latched before it is served, so the main thread sends it no writes.
    else throw new Error(`shard ${this.#task.index} got a frame of kind ${kind}, which it does not serve`);
  }

  async #syncAndMark(sampled: Promise<void>): Promise<void> {
    try {
      await sampled;
      if (this.#writes === null) return;
      const missing = await this.#fileGuard?.restoreMissing(false);
      if (missing !== undefined && missing.length > 0) return;
      await this.#writes.sync();
      await this.mark();
    } catch (error) {
      this.#errors.record(toEngineError(error, this.#task.path));
    }
  }

  #notProved(error: unknown, mayReopen: boolean): Proof {
    return { failure: toErrorRecord(error, this.#task.path), mayReopen };
  }

  #mayBeLost(loss: Loss): SpoolEngineError {
    const message = `not found, and messages of this shard are lost: ${loss.reason}`;
    return new SpoolEngineError(message, { kind: "corruption", path: this.#task.path });
  }

  #latchForLoss(loss: Loss): void {
    const reason = `opened read-only: ${loss.reason}`;
    if (!this.#gate.latch(reason, Date.now(), "loss")) return;
    const { index, path } = this.#task;
    this.#log("error", { shard: index, path, kind: "loss", missing: loss.missing }, `rocksdb at ${path}: ${reason}`);
  }

  #log(level: LogLevel, fields: object, message: string): void {
    this.#task.log.postMessage({ level, fields, message });
  }
}
