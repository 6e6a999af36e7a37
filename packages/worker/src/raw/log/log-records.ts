import { basename } from "node:path";
import type { Checksums } from "../checksum.ts";
import type { ReportDamage } from "../raw-entry.ts";
import type { RawFile } from "../raw-file.ts";
import { type Fragment, HEADER_BYTES, readFragment } from "./log-fragment.ts";

/** No fragment of a record crosses the border between two of these, so behind damage the next one is a new start. */
export const LOG_BLOCK_BYTES = 32_768;

/** A record's place, from its first fragment to the end of its last one, and what its fragments hold. */
export interface LogRecord {
  readonly offset: number;
  readonly end: number;
  readonly payload: Buffer;
}

/** The records of a log that are whole. */
export class LogRecords {
  readonly #file: RawFile;
  readonly #checksums: Checksums;
  readonly #damaged: ReportDamage;
  readonly #logNumber: number;
  readonly #from: number;
  /** Before the first fragment of a log that is not read from its start. */
  #mayHaveBegun: boolean;
  /** What there is of a record that has begun. */
  #begun: { readonly offset: number; readonly payloads: Buffer[] } | null = null;
  /** Damage that has not ended: it does where a record begins. */
  #lost: { readonly offset: number; readonly reason: string } | null = null;

  /**
   * `from`: where a block begins, 0 by default. A record that began before it has a beginning, and only its end is
   * read.
   */
  constructor(file: RawFile, checksums: Checksums, damaged: ReportDamage, from = 0) {
    this.#file = file;
    this.#from = from;
    this.#mayHaveBegun = from > 0;
    this.#checksums = checksums;
    this.#logNumber = Number.parseInt(basename(file.path), 10) >>> 0;
    this.#damaged = damaged;
  }

  *[Symbol.iterator](): Generator<LogRecord> {
    for (const records of this.blocks()) yield* records;
  }

  /** For each block the records that end in it: for callers that must yield between blocks. */
  *blocks(): Generator<LogRecord[]> {
    for (let start = this.#from; start < this.#file.size; start += LOG_BLOCK_BYTES) {
      const records: LogRecord[] = [];
      const goesOn = this.#readBlock(start, records);
      yield records;
      if (!goesOn) break;
    }
    this.#begin(this.#file.size);
  }

  /**
   * Each fragment of the block, up to the first one that cannot be read. False where the log ends before its file does.
   */
  #readBlock(start: number, records: LogRecord[]): boolean {
    const block = this.#file.read(start, LOG_BLOCK_BYTES);
    // What is too short for a header at the end of a block is filled with zeros.
    const end = block.byteLength === LOG_BLOCK_BYTES ? LOG_BLOCK_BYTES - HEADER_BYTES + 1 : block.byteLength;
    for (let at = 0; at < end; ) {
      const fragment = readFragment(block, at, this.#logNumber, this.#checksums);
      if (typeof fragment === "string") {
        this.#lose(start + at, fragment);
        break;
      }
      if (fragment.kind === "stale") return false;
      const record = this.#join(start + at, fragment);
      if (record !== null) records.push(record);
      at += fragment.bytes;
    }
    return true;
  }

  /** The record that ends with this fragment, if one does. */
  #join(offset: number, { kind, payload, bytes }: Fragment): LogRecord | null {
    const end = offset + bytes;
    if (kind === "full" || kind === "first") this.#begin(offset);
    if (kind === "full") return { offset, end, payload };
    if (kind === "first") this.#begun = { offset, payloads: [payload] };
    if (kind !== "middle" && kind !== "last") return null;
    if (this.#mayHaveBegun) this.#begun = { offset: this.#from, payloads: [] };
    this.#mayHaveBegun = false;
    if (this.#begun === null) {
      this.#lose(offset, "a record has no beginning");
      return null;
    }
    this.#begun.payloads.push(payload);
    if (kind === "middle") return null;
    const record = { offset: this.#begun.offset, end, payload: Buffer.concat(this.#begun.payloads) };
    this.#begun = null;
    return record;
  }

  #lose(offset: number, reason: string): void {
    this.#mayHaveBegun = false;
    this.#lost ??= { offset: this.#begun?.offset ?? offset, reason };
    this.#begun = null;
  }

  /** A record begins, or the log ends: what was begun before has no end, and what was lost ends here. */
  #begin(offset: number): void {
    this.#mayHaveBegun = false;
    if (this.#begun !== null) this.#lose(offset, "a record has no end");
    if (this.#lost !== null) this.#damaged(this.#lost.offset, offset - this.#lost.offset, this.#lost.reason);
    this.#lost = null;
  }
}
