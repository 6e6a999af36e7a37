import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { ReportDamage } from "./raw-entry.ts";

type Read = (file: number, buffer: Uint8Array, offset: number, length: number, position: number) => number;

/** Disks fail by the sector or the page. */
const PAGE_BYTES = 4096;
/** Fills unreadable pages: no checksum over it is valid, and no block or record begins with it. */
const UNREADABLE = 0xff;
/** One read returns less than 2 GiB. */
const MAX_READ_BYTES = 2 ** 30;

/** A file that can be read in parts, even if some of its pages cannot. */
export class RawFile {
  readonly path: string;
  readonly size: number;
  readonly #descriptor: number;
  readonly #report: ReportDamage;
  readonly #read: Read;
  readonly #reportedPages = new Set<number>();

  /** Throws if the file cannot be opened. `read` is a parameter for tests. */
  constructor(path: string, report: ReportDamage, read: Read = readSync) {
    this.path = path;
    this.#report = report;
    this.#read = read;
    this.#descriptor = openSync(path, "r");
    this.size = fstatSync(this.#descriptor).size;
  }

  /**
   * The bytes from `offset` on, fewer at the end of the file. Unreadable pages are filled with `UNREADABLE` and
   * reported once; the report may throw.
   */
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

  /** Reads the rest of one page, or fills and reports it. Returns the number of bytes done. */
  #readPage(bytes: Buffer, at: number, position: number, cause: Error): number {
    const length = Math.min(PAGE_BYTES - (position % PAGE_BYTES), bytes.byteLength - at);
    try {
      return this.#read(this.#descriptor, bytes, at, length, position) || length;
    } catch {
      bytes.fill(UNREADABLE, at, at + length);
      const page = position - (position % PAGE_BYTES);
      if (!this.#reportedPages.has(page)) this.#report(page, Math.min(PAGE_BYTES, this.size - page), cause.message);
      this.#reportedPages.add(page);
      return length;
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** Keeps the last bytes read, so that a scan over every byte does not make a system call for each. */
export class FileWindow {
  readonly #file: RawFile;
  readonly #bytes: number;
  #start = 0;
  #view: Buffer = Buffer.alloc(0);

  constructor(file: RawFile, bytes: number) {
    this.#file = file;
    this.#bytes = bytes;
  }

  /** A view of `length` bytes from `offset` on, fewer at the end of the file. */
  view(offset: number, length: number): Buffer {
    const end = Math.min(offset + length, this.#file.size);
    if (offset < this.#start || end > this.#start + this.#view.byteLength) {
      this.#view = this.#file.read(offset, Math.max(length, this.#bytes));
      this.#start = offset;
    }
    return this.#view.subarray(offset - this.#start, Math.max(offset, end) - this.#start);
  }
}
