import { must, type SpoolEngineError } from "@rockspool/core";
import type { Engine } from "../engine/engine.ts";
import { toEngineError } from "../engine/engine-error.ts";
import { APPLIED_KEY, encodeApplied } from "../engine/reserved-keys.ts";
import { type LogMark, placeOf, writeLogMark } from "../log/log-mark.ts";
import type { BlockParts, LogPosition } from "../log/log-types.ts";
import type { MessageLog } from "../log/message-log.ts";
import { IndexEntries, type IndexedBlock } from "./index-entries.ts";
import { MessageReader } from "./message-reader.ts";
import type { StoreParts } from "./store-parts.ts";

/** Replaying takes about a second a million records. */
const FLUSH_RECORDS = 500_000;

/**
 * The messages of one shard: the log that holds them, and the index with the place of each.
 *
 *     write:  append to the log ──▶ one batch of index entries ──▶ written
 *     sync:   fdatasync of the log ──▶ synced
 *     mark:   log synced ──▶ index flushed ──▶ mark ──▶ old segments unlinked
 *
 * indexed ≤ appended, in order and without gaps.
 */
export class MessageStore {
  readonly log: MessageLog;
  readonly #parts: StoreParts;
  readonly #entries = new IndexEntries();
  #index: Engine;
  #indexName: string;
  /** The position that the index holds, in memtables or tables. */
  #indexed: LogPosition;
  /** The position that the index has in its tables. */
  #applied: LogMark["applied"];
  #markedBlock = -1;
  /** Records indexed since the last flush. `#records`: since the opening. */
  #unflushed = 0;
  #records = 0;
  /** Segments before this one are cleaned: the mark leaves them out. */
  #firstSegment = 0;
  /** Blocks of index batches that failed, in order. */
  #unindexed: IndexedBlock[] = [];
  #syncFailure: SpoolEngineError | null = null;
  readonly #reader: MessageReader;
  /** The newest mark that is written; the next waits for it. */
  #marking: Promise<void> = Promise.resolve();

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.log = parts.log;
    this.#index = parts.index;
    this.#indexName = parts.indexName;
    this.#applied = parts.applied;
    this.#indexed = parts.log.end;
    this.#reader = new MessageReader(parts.log, () => this.#index, parts.path);
  }

  get index(): Engine {
    return this.#index;
  }

  get indexName(): string {
    return this.#indexName;
  }

  /** The shard's directory, for errors. */
  get path(): string {
    return this.#parts.path;
  }

  /** Stretches of the log that do not count. */
  get holes(): LogMark["holes"] {
    return this.#parts.holes;
  }

  /** Records written since the shard was opened. */
  get records(): number {
    return this.#records;
  }

  /** A property of the index (`Engine.property`). */
  property(name: string): Promise<number> {
    return this.#index.property(name);
  }

  /**
   * Appends the blocks, then indexes them. One call at a time. If it rejects, any of them may be found later: if the
   * index batch failed, its blocks are in the log, and the next index batch begins with them.
   */
  write(blocks: readonly BlockParts[]): Promise<void> {
    return this.#parts.hooks.around("write", async () => {
      const places = this.log.append(blocks);
      const { epoch } = this.#parts;
      await this.#indexBlocks(
        places.map(({ segment, offset }, i) => {
          const { records, table } = must(blocks[i], "the block that was appended");
          return { epoch, segment, offset, records, table };
        }),
      );
    });
  }

  async #indexBlocks(added: readonly IndexedBlock[]): Promise<void> {
    const blocks = [...this.#unindexed, ...added];
    const records = added.reduce((sum, block) => sum + block.records, 0);
    this.#records += records;
    this.#unflushed += records;
    this.#entries.begin(blocks.reduce((sum, block) => sum + block.records, 0));
    try {
      await this.#index.write((batch) => {
        for (const block of blocks) this.#entries.add(batch, block);
      });
      this.#unindexed = [];
      this.#indexed = this.log.end;
    } catch (error) {
      // Copied, because the frames' buffers go back to the main thread.
      this.#unindexed = [...this.#unindexed, ...added.map((block) => ({ ...block, table: Buffer.from(block.table) }))];
      throw error;
    }
  }

  /** Whether everything that was written is known to be on the disk. */
  get isSynced(): boolean {
    return this.log.syncedThrough === this.log.end.block;
  }

  /** The sync that failed; null if none did. After one, nothing can be synced until the shard is opened again. */
  get syncFailure(): SpoolEngineError | null {
    return this.#syncFailure;
  }

  /** One call at a time. A failure is final. */
  async sync(): Promise<void> {
    if (this.#syncFailure !== null) throw this.#syncFailure;
    try {
      await this.#parts.hooks.around("sync", () => this.log.sync());
    } catch (error) {
      this.#syncFailure = toEngineError(error, this.#parts.path) as SpoolEngineError;
      // Best effort: with `failed` in the mark, the next opening writes the unsynced blocks again.
      await this.mark().catch(() => {});
      throw this.#syncFailure;
    }
  }

  /** For each id its message, null if there is none, or the error of reading it. */
  async load(ids: readonly Uint8Array[]): Promise<(Uint8Array | null | Error)[]> {
    try {
      return await this.#parts.hooks.around("read", () => this.#reader.load(ids));
    } catch (error) {
      return ids.map(() => error as Error);
    }
  }

  /** See `MessageReader.messagesAt`. */
  readonly messagesAt: MessageReader["messagesAt"] = (ids, places) => this.#reader.messagesAt(ids, places);

  /** For each id the place of its message, null if there is none, or an error. */
  readonly places: MessageReader["places"] = (ids) => this.#reader.places(ids);

  /** Whether a new mark would differ from the last one. */
  get isMarkDue(): boolean {
    return this.log.syncedThrough !== this.#markedBlock;
  }

  /** Writes the mark: what is synced by then, and what the index has in its tables. Marks are written one at a time. */
  mark(clean = false): Promise<void> {
    const written = this.#marking.then(() => this.#writeMark(clean));
    this.#marking = written.catch(() => {});
    return written;
  }

  async #writeMark(clean: boolean): Promise<void> {
    const { identity, markPath, boot, epoch, holes } = this.#parts;
    const synced = this.log.syncedThrough;
    const segments = this.log.syncedSegments.filter(([segment]) => segment >= this.#firstSegment);
    const live = new Set(segments.map(([segment]) => segment));
    await writeLogMark(markPath, {
      ...identity,
      boot,
      place: placeOf(this.log.directory),
      clean,
      epoch,
      segments,
      synced,
      holes: holes.filter(([segment]) => live.has(segment)),
      index: this.#indexName,
      applied: this.#applied,
      failed: this.#syncFailure !== null,
    });
    this.#markedBlock = synced;
  }

  /** Whether a replay of what was indexed since the last flush would take long after a crash. */
  get isFlushDue(): boolean {
    return this.#unflushed >= FLUSH_RECORDS;
  }

  /**
   * Writes the number of the newest indexed block into the index. This is a batch, so no other may run. `flushIndex`
   * follows with the returned position, and may run beside other batches. Null if the tables already hold everything.
   */
  async noteApplied(): Promise<LogPosition | null> {
    if (this.#unindexed.length > 0) await this.#indexBlocks([]);
    const indexed = this.#indexed;
    if (indexed.block === this.#applied.block) return null;
    await this.#index.write((batch) => batch.put(APPLIED_KEY, encodeApplied(indexed.block)));
    this.#unflushed = 0;
    return indexed;
  }

  /** Flushes the index: its tables hold everything up to a position of `noteApplied`. The next mark says so. */
  async flushIndex(position: LogPosition): Promise<void> {
    await this.#index.flush();
    this.#applied = position;
    this.#markedBlock = -1;
  }

  /** Unlinks the segments before. The caller has moved what lives in them, synced the log and flushed the index. */
  async unlinkBefore(firstSegment: number): Promise<void> {
    this.#firstSegment = firstSegment;
    await this.mark();
    this.log.unlinkBefore(firstSegment);
  }

  /** Switches to an index whose tables hold everything up to the end of the log. The caller closes the old one. */
  async replaceIndex(index: Engine, name: string): Promise<void> {
    this.#index = index;
    this.#indexName = name;
    this.#unindexed = [];
    this.#unflushed = 0;
    const { segment, offset, block } = this.log.end;
    this.#indexed = this.log.end;
    this.#applied = { segment, offset, block };
    // If this mark fails, the next tick writes one.
    this.#markedBlock = -1;
    await this.mark();
  }

  async close(): Promise<void> {
    try {
      await this.#index.close();
    } finally {
      this.log.close();
    }
  }
}
