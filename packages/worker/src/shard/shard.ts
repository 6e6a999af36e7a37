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
import type { EngineModule } from "../engine/engine.ts";
import { toEngineError } from "../engine/engine-error.ts";
import { sendEntries } from "../lanes/enumeration.ts";
import { GroupCommit } from "../lanes/group-commit.ts";
import { MultiGet } from "../lanes/multi-get.ts";
import { StallCheck } from "../lanes/stall-check.ts";
import type { FrameAnswer, Loss, Opened, Proof, ServeShardTask } from "../protocol/protocol.ts";
import { BodyCodec, CorruptBodyError } from "../store/body-codec.ts";
import { Cleaner } from "../store/cleaner.ts";
import type { MessageStore } from "../store/message-store.ts";
import { proveStore } from "../store/prove-store.ts";
import { checkpoint } from "./checkpoint.ts";
import { FileGuard } from "./file-guard.ts";
import { ForegroundErrors } from "./foreground-errors.ts";
import { rebuildFor } from "./rebuild-for.ts";
import { Sampler } from "./sampler.ts";

/**
 * One open shard on its thread. A shard with a loss serves only reads, and its gate is latched.
 *
 *     frame of writes ──▶ group commit ──▶ message store ──▶ answer
 *     frame of reads ───▶ multi-get ─────▶ message store ──▶ answer
 *     monitor tick (each monitor interval): heartbeat, sample, missing files, sync or checkpoint, mark, cleaning
 */
export class Shard {
  readonly loss: Loss | null;
  readonly #task: ServeShardTask;
  readonly #store: MessageStore;
  readonly #status: ShardStatus;
  readonly #gate: ShardGate;
  readonly #errors: ForegroundErrors;
  /** These three are null on a shard with a loss. */
  readonly #writes: GroupCommit | null;
  readonly #cleaner: Cleaner | null;
  readonly #fileGuard: FileGuard | null;
  readonly #reads: MultiGet;
  readonly #sampler: Sampler;
  #ticking: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(task: ServeShardTask, store: MessageStore, module: EngineModule, loss: Loss | null) {
    const { index, path, params, data, layoutPath } = task;
    this.#task = task;
    this.#store = store;
    this.loss = loss;
    this.#status = new ShardStatus(task.status, index);
    this.#gate = this.#status.gate;
    const log = this.#log.bind(this);
    this.#errors = new ForegroundErrors({ gate: this.#gate, shard: index, path, log });
    const onError = (error: Error): void => this.#record(error);
    this.#sampler = new Sampler(store, { shard: index, path }, log);
    const parts = {
      store,
      path,
      answer: (answer: FrameAnswer) => {
        data.postMessage(answer, [answer instanceof ArrayBuffer ? answer : answer.buffer]);
      },
      onError,
    };
    if (loss === null) {
      const stallCheck = new StallCheck(store, params);
      const codec = new BodyCodec(params.compressionType, params.compressionMinBytes);
      const writes = new GroupCommit({ ...parts, stallCheck, codec, status: this.#status });
      this.#writes = writes;
      this.#cleaner = new Cleaner({
        store,
        exclusive: (work) => writes.exclusive(work),
        checkpoint: (firstSegment) => checkpoint(store, writes, firstSegment),
        onError,
      });
      this.#fileGuard = new FileGuard({
        store,
        shard: index,
        path,
        layoutPath,
        restore: (segments) => writes.alone(() => store.log.restore(segments)),
        rebuild: () => rebuildFor(task, store, writes, module, log),
        onError,
        log,
      });
      this.#reads = new MultiGet({ ...parts, absent: null });
    } else {
      this.#writes = this.#cleaner = this.#fileGuard = null;
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

  /** Cleans the log as far as it pays, and rewrites the index without removed entries. */
  async compact(): Promise<void> {
    try {
      await this.#cleaner?.compact();
      await this.#store.index.flush();
      await this.#store.index.compact();
    } catch (error) {
      this.#record(error as Error);
      throw error;
    }
  }

  /** Resolves to the number of bytes saved. A failed flush is counted and logged but does not reject, as in KumoMTA. */
  async adviseLowMemory(): Promise<number> {
    const before = await this.#sampler.memoryBytes("pre-flush");
    try {
      await this.#store.index.flush();
    } catch (error) {
      this.#sampler.failed("flushing memory", error as Error);
      this.#record(error as Error);
    }
    return before - (await this.#sampler.memoryBytes("post-flush"));
  }

  /** Proves that a latched shard works again. A failure is not a foreground error, because no operation failed. */
  async prove(): Promise<Proof> {
    if (this.#writes === null) {
      return this.#notProved(this.#mayBeLost(must(this.loss, "the loss of a read-only shard")), false);
    }
    try {
      await this.#ticking;
      const missing = (await this.#fileGuard?.check()) ?? [];
      if (missing.length > 0)
        return this.#notProved(must(this.#fileGuard, "the file guard").areMissing(missing), false);
      await this.#writes.alone(() => proveStore(this.#store));
      return { failure: null, mayReopen: false };
    } catch (error) {
      return this.#notProved(error, true);
    }
  }

  /**
   * A monitor tick. Resolves when the status block has the sample. The rest follows, unless that of an earlier tick is
   * still running, because a disk may hang. Never rejects.
   */
  async tick(): Promise<void> {
    this.#status.beat();
    const sampled = this.#sampler.sample(this.#status);
    this.#ticking ??= this.#maintain(sampled).finally(() => {
      this.#ticking = null;
    });
    await sampled.catch(() => {});
  }

  enumerate(port: MessagePort, createdBeforeMs: number): void {
    const { path } = this.#task;
    const onError = (error: Error): void => this.#record(error);
    void sendEntries({ store: this.#store, path, createdBeforeMs, onError }, port);
  }

  /** Answers every frame in the lanes, writes everything to disk, marks, and closes even if a step before fails. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#cleaner?.end();
    await this.#ticking;
    await Promise.all([this.#writes?.idle(), this.#reads.idle()]);
    try {
      if (this.#writes !== null) {
        // Last chance: the descriptors of removed segments are still open.
        await this.#fileGuard?.check();
        if (!this.#gate.latched) {
          await checkpoint(this.#store, this.#writes);
          await this.#store.mark(true);
        }
      }
    } finally {
      await this.#store.close();
    }
  }

  #take(buffer: ArrayBuffer): void {
    const { kind } = new Frame(buffer);
    if (kind === FrameKind.Read) this.#reads.push(buffer);
    else if (kind === FrameKind.Write && this.#writes !== null) this.#writes.push(buffer);
    // A read-only shard is latched before it is served, so the main thread sends it no writes.
    else throw new Error(`shard ${this.#task.index} got a frame of kind ${kind}, which it does not serve`);
  }

  async #maintain(sampled: Promise<void>): Promise<void> {
    try {
      await sampled;
      const writes = this.#writes;
      if (writes === null) return;
      const missing = await this.#fileGuard?.check();
      if (missing !== undefined && missing.length > 0) return;
      if (this.#store.isFlushDue) await checkpoint(this.#store, writes);
      else await writes.sync();
      if (this.#store.isMarkDue) await this.#store.mark();
      if (this.#cleaner?.isDue === true && !this.#gate.latched) void this.#cleaner.run();
    } catch (error) {
      this.#record(toEngineError(error, this.#task.path));
    }
  }

  #record(error: Error): void {
    this.#errors.record(error);
    if (
      error instanceof SpoolEngineError &&
      error.kind === "corruption" &&
      !(error.cause instanceof CorruptBodyError)
    ) {
      this.#fileGuard?.indexFailed();
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
