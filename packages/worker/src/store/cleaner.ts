import { setImmediate } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { SpoolEngineError, WRITE_RECORD_BYTES, WriteField, WriteOp } from "@rockspool/core";
import { isReservedKey } from "../engine/reserved-keys.ts";
import type { BlockParts } from "../log/log-types.ts";
import type { Place } from "../log/place.ts";
import { CorruptBodyError } from "./body-codec.ts";
import type { MessageStore } from "./message-store.ts";
import { indexEntries, noPlace } from "./scan-messages.ts";

/**
 * Gives back the space of removed messages. From the oldest segment on, live messages are appended again, then the
 * segments are unlinked. So the log stays one run of segments, and a remove may go with its segment: no older segment
 * is left in which the removed message could be.
 *
 *     pass over the index ──▶ live messages ──▶ moves, oldest segment first ──▶ sync, flush, mark ──▶ unlink
 */

/** Bounds on disk: `factor` times the live bytes, plus so many segments. At rest, and after `compact()`. */
const AT_REST = { factor: 2, slackSegments: 3 };
const TIGHT = { factor: 1.1, slackSegments: 1 };
type Bound = typeof AT_REST;

/** A block of moves ends at this many messages or bytes. */
const MAX_MOVES = 256;
const MAX_MOVE_BYTES = 1024 * 1024;
/** A pass collects at most this many messages, but all of the oldest segment. */
const MAX_CANDIDATES = 1_000_000;

export interface CleanerParts {
  readonly store: MessageStore;
  /** Runs work while no batch is written. */
  exclusive<T>(work: () => Promise<T>): Promise<T>;
  /** Syncs the log, flushes the index, writes a mark without the segments before `firstSegment`, and unlinks those. */
  checkpoint(firstSegment: number): Promise<void>;
  onError(error: Error): void;
}

interface Candidate {
  readonly id: Uint8Array;
  readonly place: Place;
}

export class Cleaner {
  readonly #parts: CleanerParts;
  /** Live messages, as the last pass counted them. */
  #live = { bytes: 0, messages: 0 };
  /** Bytes and records of the log at the last pass. */
  #seenRecords = 0;
  #seenBytes = 0;
  #running: Promise<void> | null = null;
  #ended = false;

  constructor(parts: CleanerParts) {
    this.#parts = parts;
  }

  /** Bytes of live messages, as the last pass counted them. */
  get liveBytes(): number {
    return this.#live.bytes;
  }

  /** Whether a pass may find something to clean. */
  get isDue(): boolean {
    const { log, records } = this.#parts.store;
    if (log.bytes <= AT_REST.slackSegments * log.segmentBytes) return false;
    const grew = log.bytes - this.#seenBytes >= Math.max(this.#live.bytes, log.segmentBytes);
    return grew || records - this.#seenRecords >= Math.max(this.#live.messages / 4, 1);
  }

  /** Cleans until the bound at rest holds. A call during a run returns the promise of that run. */
  run(): Promise<void> {
    this.#running ??= this.#start(AT_REST);
    return this.#running;
  }

  /** Cleans as far as it pays. */
  async compact(): Promise<void> {
    await this.#running;
    this.#running ??= this.#start(TIGHT);
    await this.#running;
  }

  #start(bound: Bound): Promise<void> {
    return this.#run(bound)
      .catch((error: Error) => this.#parts.onError(error))
      .finally(() => {
        this.#running = null;
      });
  }

  /** No move begins after this call. Resolves when the last one has ended. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.#running;
  }

  async #run(bound: Bound): Promise<void> {
    const { log } = this.#parts.store;
    while (!this.#ended) {
      const before = log.bytes;
      const candidates = await this.#pass();
      const cleaned = await this.#clean(candidates, bound);
      // A pass that frees nothing has only moved what lives.
      if (cleaned === 0 || this.#overBy(bound) <= 0 || log.bytes >= before) return;
    }
  }

  /** Bytes above the bound. */
  #overBy({ factor, slackSegments }: Bound): number {
    const { log } = this.#parts.store;
    return log.bytes - factor * this.#live.bytes - slackSegments * log.segmentBytes;
  }

  /** Counts the live messages, and collects those in the oldest segments. */
  async #pass(): Promise<Map<number, Candidate[]>> {
    const { store } = this.#parts;
    const { log } = store;
    this.#seenRecords = store.records;
    this.#seenBytes = log.bytes;
    const newest = log.end.segment;
    const found = new Map<number, Candidate[]>();
    let last = newest - 1;
    let collected = 0;
    let bytes = 0;
    let messages = 0;
    for await (const entries of indexEntries(store)) {
      if (this.#ended) break;
      for (const { key, place } of entries) {
        if (isReservedKey(key)) continue;
        // Its message may be in a segment that would be unlinked: the index must be made anew first.
        if (place === null) throw noPlace(store);
        bytes += place.storedLength + WRITE_RECORD_BYTES;
        messages++;
        if (place.segment > last) continue;
        const there = found.get(place.segment) ?? [];
        found.set(place.segment, there);
        there.push({ id: key, place });
        // Too many: those in the newest of these segments are left for the next pass.
        for (collected++; collected > MAX_CANDIDATES && found.size > 1; ) {
          last = Math.max(...found.keys()) - 1;
          collected -= found.get(last + 1)?.length ?? 0;
          found.delete(last + 1);
        }
      }
    }
    this.#live = { bytes, messages };
    for (const { segment } of log.segments) if (segment <= last && !found.has(segment)) found.set(segment, []);
    return found;
  }

  /** Moves the live messages of the oldest segments, until the bound holds, and unlinks those. Returns their number. */
  async #clean(candidates: ReadonlyMap<number, Candidate[]>, bound: Bound): Promise<number> {
    const { store, checkpoint } = this.#parts;
    let cleaned = 0;
    let freed = 0;
    for (const { segment, end } of [...store.log.segments]) {
      const living = candidates.get(segment);
      if (living === undefined || segment >= store.log.end.segment || this.#ended) break;
      if (this.#overBy(bound) - freed <= 0) break;
      living.sort((a, b) => a.place.offset - b.place.offset);
      await this.#move(living);
      if (this.#ended) break;
      freed += end;
      cleaned++;
    }
    if (cleaned === 0) return 0;
    const first = store.log.segments[cleaned]?.segment;
    if (first !== undefined) await checkpoint(first);
    return cleaned;
  }

  async #move(living: readonly Candidate[]): Promise<void> {
    for (let at = 0; at < living.length && !this.#ended; ) {
      let bytes = 0;
      const from = at;
      do bytes += living[at++]?.place.storedLength ?? 0;
      while (at < living.length && at - from < MAX_MOVES && bytes < MAX_MOVE_BYTES);
      const group = living.slice(from, at);
      await this.#parts.exclusive(() => this.#moveGroup(group));
      // Waiting frames are served between two groups.
      await setImmediate();
    }
  }

  /** Appends messages again, except those that were moved, replaced or removed since the pass. */
  async #moveGroup(group: readonly Candidate[]): Promise<void> {
    const { store, onError } = this.#parts;
    const places = await store.places(group.map(({ id }) => id));
    const moved: { id: Uint8Array; place: Place; body: Buffer }[] = [];
    group.forEach(({ id, place }, i) => {
      const now = places[i];
      if (now instanceof Error) throw now;
      if (now == null || now.segment !== place.segment || now.offset !== place.offset) return;
      const body = Buffer.alloc(place.storedLength);
      const isThere = store.log.read(place.segment, place.offset, body);
      // A damaged body keeps its checksum, so a load of it still fails.
      if (!isThere || crc32(body) !== place.checksum) onError(damaged(store.path, place));
      moved.push({ id, place, body });
    });
    if (moved.length > 0) await store.write([blockOf(moved)]);
  }
}

function damaged(path: string, { segment, offset }: Place): SpoolEngineError {
  const cause = new CorruptBodyError(`the body at ${offset} of segment ${segment} does not match its checksum`);
  return new SpoolEngineError(cause.message, { kind: "corruption", path, cause });
}

function blockOf(messages: readonly { id: Uint8Array; place: Place; body: Buffer }[]): BlockParts {
  const table = Buffer.alloc(messages.length * WRITE_RECORD_BYTES);
  let bodyBytes = 0;
  messages.forEach(({ id, place: { storedLength, length, checksum, codec } }, i) => {
    const at = i * WRITE_RECORD_BYTES;
    table[at + WriteField.Op] = WriteOp.Store;
    table[at + WriteField.Codec] = codec;
    table.writeUInt32LE(storedLength, at + WriteField.StoredLength);
    table.writeUInt32LE(length, at + WriteField.Length);
    table.writeUInt32LE(checksum, at + WriteField.Checksum);
    table.set(id, at + WriteField.Id);
    bodyBytes += storedLength;
  });
  return { records: messages.length, table, bodies: messages.map(({ body }) => body), bodyBytes };
}
