import { rmSync, unlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Engine, NO_HOOKS } from "../engine/engine.ts";
import { openEngine as openMemoryIndex } from "../engine/memory-engine.ts";
import { APPLIED_KEY, encodeApplied, readApplied } from "../engine/reserved-keys.ts";
import { bootId } from "../log/boot-id.ts";
import { listSegments } from "../log/log-directory.ts";
import type { InspectedLog } from "../log/log-inspection.ts";
import { type LogMark, unknownMark } from "../log/log-mark.ts";
import { inspectMarkedLog, type MarkedLog } from "../log/marked-log.ts";
import { MessageLog } from "../log/message-log.ts";
import { segmentPath } from "../log/segment-file.ts";
import { closingOnError } from "./closing-on-error.ts";
import { createStore } from "./create-store.ts";
import { nextIndexName, removeOtherIndexes } from "./index-name.ts";
import { MessageStore } from "./message-store.ts";
import type { OpenedStore, OpenStore, StoreLoss } from "./open-store-types.ts";
import { replay } from "./replay.ts";
import { rewriteUnsynced, unsyncedStretches } from "./rewrite-unsynced.ts";

/**
 * Opens the log and the index of a shard.
 *
 *     mark ──missing, damaged──▶ loss
 *     log  ──less than the mark says──▶ loss
 *     index: closed in good order, or left by a crash in this boot ──▶ opened, then the blocks behind it are applied
 *            otherwise, or it cannot be opened, or holds less than the mark says ──▶ made anew from the log
 *
 * An index of another boot is not believed: it may hold entries for blocks that a power cut took, and such an entry
 * hides an older version that was synced.
 */
/** The store, or the loss that leaves nothing to serve. Rejects if the store cannot be opened. */
export async function openStore(parts: OpenStore): Promise<OpenedStore | StoreLoss> {
  return parts.fresh ? createStore(parts) : openExisting(parts);
}

async function openExisting(parts: OpenStore): Promise<OpenedStore | StoreLoss> {
  const { path, logPath, markPath, identity } = parts;
  const found = await inspectMarkedLog({ path, logPath, markPath, index: identity.shard, spool: identity.spool });
  return "log" in found ? new Opening(parts, found).open() : found;
}

/** One opening of an existing shard. */
class Opening {
  readonly #parts: OpenStore;
  readonly #mark: LogMark;
  readonly #log: InspectedLog;
  readonly #loss: StoreLoss | null;
  readonly #isIndexBelieved: boolean;
  readonly #notes: string[] = [];

  constructor(parts: OpenStore, { mark, log, loss, sameBoot }: MarkedLog) {
    this.#parts = parts;
    this.#mark = mark ?? unknownMark(parts.identity);
    this.#log = log;
    this.#loss = loss;
    this.#isIndexBelieved = this.#mark.clean || sameBoot;
    if (log.torn !== null) this.#notes.push(`left behind, torn and not synced: ${log.torn}`);
  }

  async open(): Promise<OpenedStore> {
    const opened =
      this.#loss !== null ? await this.#readOnlyIndex() : ((await this.#openIndex()) ?? (await this.#rebuildIndex()));
    return closingOnError(opened.index, () => this.#serve(opened));
  }

  /** After a loss no file may be changed, so the index is made in memory. */
  async #readOnlyIndex(): Promise<OpenedIndex> {
    const { index: name, applied } = this.#mark;
    const index = await openMemoryIndex(this.#parts.path, { ...this.#parts.options, mode: "create" });
    const { damage } = await this.#replay(index, { segment: 0, offset: 0 });
    return { index, name, applied, damage };
  }

  /** The existing index, with the blocks behind it applied; null if it must be made anew. */
  async #openIndex(): Promise<OpenedIndex | null> {
    const { path, module, options } = this.#parts;
    const { index: name, applied } = this.#mark;
    if (!this.#isIndexBelieved) {
      this.#notes.push(
        "the index is made anew: the shard was not closed in good order, and the machine or place is another",
      );
      return null;
    }
    let index: Engine | null = null;
    try {
      index = await module.openEngine(join(dirname(path), name), { ...options, mode: "existing" });
      const holds = await readApplied(index);
      if (holds < applied.block)
        throw new Error(`it holds blocks up to ${holds}, and held those up to ${applied.block}`);
      const { damage } = await this.#replay(index, applied);
      return { index, name, applied, damage };
    } catch (error) {
      await index?.close().catch(() => {});
      if (isLocked(error)) throw error;
      this.#notes.push(`the index is made anew: ${(error as Error).message}`);
      return null;
    }
  }

  async #rebuildIndex(): Promise<OpenedIndex> {
    const { path, module, options } = this.#parts;
    const name = nextIndexName(basename(path), this.#mark.index);
    const directory = join(dirname(path), name);
    // An interrupted rebuild may have left one.
    rmSync(directory, { recursive: true, force: true });
    const index = await module.openEngine(directory, { ...options, mode: "create" });
    return closingOnError(index, async () => {
      const { damage } = await this.#replay(index, { segment: 0, offset: 0 });
      await index.write((batch) => batch.put(APPLIED_KEY, encodeApplied(this.#log.block)));
      await index.flush();
      const last = this.#log.segments.at(-1);
      const applied = { segment: last?.segment ?? 0, offset: last?.end ?? 0, block: this.#log.block };
      return { index, name, applied, damage };
    });
  }

  async #replay(index: Engine, from: { segment: number; offset: number }): Promise<{ damage: readonly string[] }> {
    const { logPath, identity, onProgress } = this.#parts;
    return replay({
      directory: logPath,
      identity,
      log: this.#log,
      from,
      index,
      onProgress: (records) => onProgress("applying the message log to the index", records),
    });
  }

  async #serve({ index, name, applied, damage }: OpenedIndex): Promise<OpenedStore> {
    const { logPath, markPath, identity, fullSync, segmentBytes, path, module } = this.#parts;
    const { segments, nextSegment, nextEpoch, block } = this.#log;
    const rewritten = this.#mark.failed ? unsyncedStretches(this.#mark, this.#log) : [];
    const log = new MessageLog({
      directory: logPath,
      path,
      identity,
      epoch: nextEpoch,
      segments,
      nextSegment,
      block,
      segmentBytes,
      fullSync,
    });
    try {
      const store = new MessageStore({
        log,
        index,
        path,
        identity,
        markPath,
        boot: bootId(),
        epoch: nextEpoch,
        holes: [...this.#log.holes, ...rewritten],
        indexName: name,
        applied,
        hooks: module.storeHooks?.(identity.shard) ?? NO_HOOKS,
      });
      const loss = lossOf(this.#loss, damage);
      if (loss !== null) return { store, loss, notes: this.#notes };
      if (this.#mark.failed) await rewriteUnsynced(store, identity, this.#mark, this.#log);
      // Writes that an earlier process left in the page cache must be on the disk before the mark says so.
      await log.syncAll();
      if (!store.isSynced) await store.sync();
      await store.mark();
      removeSegmentsBefore(logPath, log.firstSegment);
      removeOtherIndexes(path, name);
      return { store, loss, notes: this.#notes };
    } catch (error) {
      log.close();
      throw error;
    }
  }
}

interface OpenedIndex {
  readonly index: Engine;
  readonly name: string;
  readonly applied: LogMark["applied"];
  readonly damage: readonly string[];
}

/** Removes segments that a cleaning has left, interrupted between the mark and the unlinking. */
function removeSegmentsBefore(logPath: string, firstSegment: number): void {
  for (const { segment } of listSegments(logPath))
    if (segment < firstSegment) unlinkSync(segmentPath(logPath, segment));
}

function lossOf(loss: StoreLoss | null, damage: readonly string[]): StoreLoss | null {
  if (loss !== null || damage.length === 0) return loss;
  return { reason: `the message log is damaged: ${damage.join("; ")}`, missing: null };
}

function isLocked(error: unknown): boolean {
  return (error as { code?: unknown }).code === "SPOOL_LOCKED";
}
