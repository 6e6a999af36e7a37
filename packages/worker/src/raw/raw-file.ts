import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { ReportDamage } from "./raw-entry.ts";

type Read = (file: number, buffer: Uint8Array, offset: number, length: number, position: number) => number;

/** A disk fails by the sector or the page. */
const PAGE_BYTES = 4096;
/** Stands where nothing could be read: no checksum holds over it, and no block or record begins with it. */
const UNREADABLE = 0xff;
/** One system call gives no more than 2 GiB. */
const MAX_READ_BYTES = 2 ** 30;

/** A file that is read in pieces, however broken. */
export class RawFile {
  readonly path: string;
  readonly size: number;
  readonly #descriptor: number;
  readonly #damaged: ReportDamage;
  readonly #read: Read;
  readonly #unreadable = new Set<number>();

  /** Throws where there is no such file. `read` is there for tests. */
  constructor(path: string, damaged: ReportDamage, read: Read = readSync) {
    this.path = path;
    this.#damaged = damaged;
    this.#read = read;
    this.#descriptor = openSync(path, "r");
    this.size = fstatSync(this.#descriptor).size;
  }

  /** The bytes from `offset` on, fewer where the file ends. Pages that the disk does not give are reported, which may throw, and filled up. */
  read(offset: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, this.size - offset)));
    let at = 0;
    while (at < bytes.byteLength) {
      try {
        const count = this.#read(
          this.#descriptor,
          bytes,
          at,
          Math.min(bytes.byteLength - at, MAX_READ_BYTES),
          offset + at,
        );
        if (count === 0) return bytes.subarray(0, at);
        at += count;
      } catch (error) {
        at += this.#readPage(bytes, at, offset + at, error as Error);
      }
    }
    return bytes;
  }

  /** The rest of one page, or the report that there is none. */
  #readPage(bytes: Buffer, at: number, position: number, cause: Error): number {
    const length = Math.min(PAGE_BYTES - (position % PAGE_BYTES), bytes.byteLength - at);
    try {
      return this.#read(this.#descriptor, bytes, at, length, position) || length;
    } catch {
      bytes.fill(UNREADABLE, at, at + length);
      const page = position - (position % PAGE_BYTES);
      if (!this.#unreadable.has(page)) this.#damaged(page, Math.min(PAGE_BYTES, this.size - page), cause.message);
      this.#unreadable.add(page);
      return length;
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** What was read last, so that a look at every byte of a file is not a system call each. */
export class FileWindow {
  readonly #file: RawFile;
  readonly #bytes: number;
  #start = 0;
  #view: Buffer = Buffer.alloc(0);

  constructor(file: RawFile, bytes: number) {
    this.#file = file;
    this.#bytes = bytes;
  }

  /** A view of up to `length` bytes from `offset` on, fewer where the file ends. */
  view(offset: number, length: number): Buffer {
    const end = Math.min(offset + length, this.#file.size);
    if (offset < this.#start || end > this.#start + this.#view.byteLength) {
      this.#view = this.#file.read(offset, Math.max(length, this.#bytes));
      this.#start = offset;
    }
    return this.#view.subarray(offset - this.#start, Math.max(offset, end) - this.#start);
  }
}
