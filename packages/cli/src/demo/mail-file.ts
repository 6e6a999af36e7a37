import { type FileHandle, open } from "node:fs/promises";

/** Read at a time when messages are taken in their order; at least one message, however large. */
const GROUP_BYTES = 4 * 1024 * 1024;

/**
 * The demo's messages on disk, one after another with nothing between: what was composed is compared byte for byte with what the
 * spool gives back, and neither composing nor hundreds of megabytes of memory disturb what is measured.
 */
export class MailFile {
  readonly #file: FileHandle;
  /** Where message i begins; message i ends where i + 1 begins. */
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

  /** Messages of these lengths, one after another in `data`. */
  async append(data: Uint8Array, lengths: readonly number[]): Promise<void> {
    await this.#file.write(data, 0, data.length, this.bytes);
    for (const length of lengths) this.#starts.push(this.bytes + length);
  }

  /** On the disk now, so that writing it back later does not slow what is measured then. */
  async sync(): Promise<void> {
    await this.#file.sync();
  }

  lengthOf(index: number): number {
    return this.#start(index + 1) - this.#start(index);
  }

  async read(index: number): Promise<Buffer> {
    return await this.#read(index, index + 1);
  }

  /** Messages `from` to before `to`, in their order. */
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
    if (bytesRead !== length) throw new Error(`the demo's own file is shorter than what was written to it`);
    return buffer;
  }

  #start(index: number): number {
    return this.#starts[index] as number;
  }
}
