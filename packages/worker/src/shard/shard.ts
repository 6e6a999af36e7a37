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
import { readBatchNumber } from "../engine/batch-number.ts";
import type { Engine, EngineModule } from "../engine/engine.ts";
import { isDefinitivelyBad, toEngineError } from "../engine/engine-error.ts";
import { engineOptions } from "../engine/engine-options.ts";
import { putBackManifest } from "../healing/damaged-manifest.ts";
import { FileGuard } from "../healing/file-guard.ts";
import { sendEntries } from "../lanes/enumeration.ts";
import { WriteLane } from "../lanes/group-commit.ts";
import { ReadLane } from "../lanes/multi-get.ts";
import { Admission } from "../lanes/stall-check.ts";
import { ValueCodec } from "../lanes/value-codec.ts";
import type { FrameAnswer, Loss, Opened, Proof, ServeShardTask } from "../protocol/protocol.ts";
import { vouchedFor } from "../recovery/evidence.ts";
import { inspectShard } from "../recovery/inspection.ts";
import { writeMark } from "../recovery/mark.ts";
import { unreadLogs } from "../recovery/unread-logs.ts";
import { probeDirectory } from "./directory-check.ts";
import { Sampler } from "./sampler.ts";

/**
 * One shard on its thread. `Shard.open` looks before it opens; a shard with a loss is served read-only.
 *
 *     frame ──▶ write lane ──▶ engine ──▶ answer
 *          └──▶ read lane ───▶ engine ──▶ answer
 *     tick (each monitor interval): beat, sample, sync, mark
 */
export class Shard {
  readonly loss: Loss | null;
  readonly #task: ServeShardTask;
  readonly #engine: Engine;
  readonly #codec: ValueCodec;
  readonly #status: ShardStatus;
  readonly #gate: ShardGate;
  readonly #writes: WriteLane | null;
  readonly #reads: ReadLane;
  readonly #sampler: Sampler;
  readonly #files: FileGuard;
  #markedBatch = -1;
  #ticking: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;

  /** The shard, or the loss that leaves nothing to serve. Rejects where it cannot be opened. */
  static async open(task: ServeShardTask): Promise<Shard | Loss> {
    const module = (await import(task.engine)) as EngineModule;
    const options = engineOptions(task);
    let unread: string | null = null;
    if (!task.fresh) {
      await putBackManifest(task.path);
      const finding = await inspectShard({ path: task.path, markPath: task.markPath, module, options });
      if (finding.kind === "loss") {
        return finding.engine === null ? finding.loss : new Shard(task, finding.engine, 0, finding.loss);
      }
      unread = await unreadLogs(task.path, task.markPath, finding.minLogNumberToKeep);
    }
    probeDirectory(task.path);
    const engine = await module.openEngine(task.path, options);
    try {
      const shard = new Shard(task, engine, await readBatchNumber(engine), null);
      await shard.#mark();
      if (unread !== null) shard.#warnOfUnread(unread);
      return shard;
    } catch (error) {
      await engine.close();
      throw toEngineError(error, task.path);
    }
  }

  private constructor(task: ServeShardTask, engine: Engine, batchNumber: number, loss: Loss | null) {
    const { path, params, data } = task;
    this.#task = task;
    this.#engine = engine;
    this.loss = loss;
    this.#codec = new ValueCodec(params.compressionType, params.compressionMinBytes);
    this.#status = new ShardStatus(task.status, task.index);
    this.#gate = this.#status.gate;
    this.#sampler = new Sampler(engine, { shard: task.index, path }, (...line) => this.#log(...line));
    this.#files = new FileGuard({
      engine,
      shard: task.index,
      path,
      layoutPath: task.layoutPath,
      onError: this.onError,
      log: (...line) => this.#log(...line),
    });
    const parts = {
      engine,
      codec: this.#codec,
      path,
      answer: (answer: FrameAnswer) => {
        data.postMessage(answer, [answer instanceof ArrayBuffer ? answer : answer.buffer]);
      },
      onError: this.onError,
    };
    const admission = new Admission(engine, params);
    this.#writes = loss === null ? new WriteLane({ ...parts, admission, status: this.#status, batchNumber }) : null;
    const absent = loss === null ? null : toErrorRecord(this.#mayBeLost(loss), path);
    this.#reads = new ReadLane({ ...parts, absent });
    if (loss !== null) this.#latch(`opened read-only: ${loss.reason}`);
  }

  get opened(): Opened {
    return { state: this.loss === null ? "open" : "read-only", loss: this.loss };
  }

  serve(): void {
    this.#task.data.on("message", (buffer: ArrayBuffer) => this.#take(buffer));
    this.#timer = setInterval(() => void this.tick(), this.#task.monitorIntervalMs);
    void this.tick();
  }

  /** Counts an error and, where it has no harmless reading, latches at once (`record_foreground_error` in rocks.rs). */
  readonly onError = (error: Error): void => {
    this.#gate.countForegroundError();
    if (!isDefinitivelyBad(error)) return;
    const { kind } = error as SpoolEngineError;
    if (!this.#gate.latch(`${kind}: ${error.message}`, Date.now(), kind === "corruption" ? kind : "io")) return;
    const { index, path } = this.#task;
    this.#log(
      "error",
      { shard: index, path, kind },
      `rocksdb at ${path}: fatal foreground error (${kind}); load-shedding gate latched immediately. Underlying error: ${error.message}`,
    );
  };

  async compact(): Promise<void> {
    try {
      await this.#engine.flush();
      await this.#engine.compact();
    } catch (error) {
      this.onError(error as Error);
      throw error;
    }
  }

  /** Bytes saved. A flush that fails saves nothing and is counted; the answer stays a number, as in the seed. */
  async adviseLowMemory(): Promise<number> {
    const before = await this.#sampler.memoryBytes("pre-flush");
    try {
      await this.#engine.flush();
    } catch (error) {
      this.#sampler.failed("flushing memory", error as Error);
      this.onError(error as Error);
    }
    return before - (await this.#sampler.memoryBytes("post-flush"));
  }

  /** The proof that a latched shard works again. What it fails on is not counted: nobody's message was in it. */
  async prove(): Promise<Proof> {
    if (this.#writes === null)
      return this.#unproved(this.#mayBeLost(must(this.loss, "the loss of a read-only shard")), false);
    try {
      await this.#ticking;
      const missing = await this.#files.restoreMissing(true);
      if (missing.length > 0)
        return this.#unproved(this.#files.areMissing(missing), this.#files.areRestoredByClosing(missing));
      await this.#writes.probe();
      return { failure: null, mayReopen: false };
    } catch (error) {
      return this.#unproved(error, true);
    }
  }

  /**
   * A sample for the gate; sync and mark follow, unless those of the last tick are still under way: a disk may hang. Resolves when the
   * gate has the sample. Never rejects.
   */
  async tick(): Promise<void> {
    this.#status.beat();
    const sampled = this.#sampler.sample(this.#status);
    this.#ticking ??= this.#monitor(sampled).finally(() => {
      this.#ticking = null;
    });
    await sampled.catch(() => {});
  }

  enumerate(port: MessagePort, createdBeforeMs: number): void {
    const { path } = this.#task;
    const { onError } = this;
    void sendEntries({ engine: this.#engine, codec: this.#codec, path, createdBeforeMs, onError }, port);
  }

  /** Settles what is in the lanes, writes everything out, marks, closes. The engine is closed whatever fails before. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#ticking;
    await Promise.all([this.#writes?.idle(), this.#reads.idle()]);
    try {
      // The last moment at which what a removed file held can still be had.
      if (this.#writes !== null) await this.#files.restoreMissing(true);
      if (this.#writes !== null && !this.#gate.latched) {
        await this.#writes.sync();
        await this.#engine.flush();
        // Once more, where RocksDB would have stalled on the number before.
        await this.#writes.sync();
        await this.#mark();
      }
    } finally {
      await this.#engine.close(this.#files.isSpoolGone);
    }
  }

  #take(buffer: ArrayBuffer): void {
    const { kind } = new Frame(buffer);
    if (kind === FrameKind.Read) this.#reads.push(buffer);
    else if (kind === FrameKind.Write && this.#writes !== null) this.#writes.push(buffer);
    // A read-only shard is latched before it is served: the main thread sends it no writes.
    else throw new Error(`shard ${this.#task.index} got a frame of kind ${kind}, which it does not serve`);
  }

  async #monitor(sampled: Promise<void>): Promise<void> {
    try {
      await sampled;
      if (this.#writes === null) return;
      if ((await this.#files.restoreMissing(false)).length > 0) return;
      await this.#writes.sync();
      await this.#mark();
    } catch (error) {
      this.onError(toEngineError(error, this.#task.path));
    }
  }

  #unproved(error: unknown, mayReopen: boolean): Proof {
    return { failure: toErrorRecord(error, this.#task.path), mayReopen };
  }

  /** Writes the mark where it has something new to say. */
  async #mark(): Promise<void> {
    if (this.#writes === null) return;
    const { batch, vouched } = this.#writes.syncedNumbered;
    if (batch === this.#markedBatch) return;
    const evidence = await this.#engine.evidence();
    await writeMark(this.#task.markPath, { batch, evidence: evidence && vouchedFor(evidence, vouched) });
    this.#markedBatch = batch;
  }

  #mayBeLost(loss: Loss): SpoolEngineError {
    const message = `not found, and messages of this shard are lost: ${loss.reason}`;
    return new SpoolEngineError(message, { kind: "corruption", path: this.#task.path });
  }

  #latch(reason: string): void {
    if (!this.#gate.latch(reason, Date.now(), "loss")) return;
    const { index, path } = this.#task;
    this.#log(
      "error",
      { shard: index, path, kind: "loss", missing: this.loss?.missing ?? null },
      `rocksdb at ${path}: ${reason}`,
    );
  }

  #warnOfUnread(unread: string): void {
    const { index, path } = this.#task;
    const message = `rocksdb at ${path}: the end of a log could not be read and is dropped: ${unread}; what is lost was not synced, or the disk spoiled it`;
    this.#log("warn", { shard: index, path, unread }, message);
  }

  #log(level: LogLevel, fields: object, message: string): void {
    this.#task.log.postMessage({ level, fields, message });
  }
}
