import { type FileHandle, open } from "node:fs/promises";

/** `readRange` reads this many bytes at a time, and at least one message. */
const GROUP_BYTES = 4 * 1024 * 1024;

/**
 * The composed messages in one file, one after another. They are composed before the first store and compared with what
 * the spool returns. Composing during the measurement, or keeping them in memory, would distort the figures.
 */
export class MailFile {
  readonly #file: FileHandle;
  /** The offset of each message, and the end of the last one. */
  readonly #starts: number[] = [0];

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async create(path: string): Promise<MailFile> {
    return new MailFile(await open(path, "w+"));
  }

  get count(): number {
    return this.#starts.length - 1;
  }

  get bytes(): number {
    return this.#start(this.count);
  }

  /** Appends messages of these lengths, which lie one after another in `data`. */
  async append(data: Uint8Array, lengths: readonly number[]): Promise<void> {
    await this.#file.write(data, 0, data.length, this.bytes);
    for (const length of lengths) this.#starts.push(this.bytes + length);
  }

  /** Writes the file to the disk now: a write-back by the kernel during the measurement would slow it down. */
  async sync(): Promise<void> {
    await this.#file.sync();
  }

  lengthOf(index: number): number {
    return this.#start(index + 1) - this.#start(index);
  }

  async read(index: number): Promise<Buffer> {
    return await this.#read(index, index + 1);
  }

  /** Messages `from` to `to - 1`, in order. */
  async *readRange(from: number, to: number): AsyncGenerator<{ index: number; data: Uint8Array }> {
    let first = from;
    while (first < to) {
      let after = first + 1;
      while (after < to && this.#start(after + 1) - this.#start(first) <= GROUP_BYTES) after++;
      const group = await this.#read(first, after);
      for (let index = first; index < after; index++) {
        const start = this.#start(index) - this.#start(first);
        yield { index, data: group.subarray(start, start + this.lengthOf(index)) };
      }
      first = after;
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #read(from: number, to: number): Promise<Buffer> {
    const length = this.#start(to) - this.#start(from);
    const { buffer, bytesRead } = await this.#file.read(Buffer.allocUnsafe(length), 0, length, this.#start(from));
    if (bytesRead !== length) throw new Error(`the file with the demo's messages was truncated`);
    return buffer;
  }

  #start(index: number): number {
    return this.#starts[index] as number;
  }
}
