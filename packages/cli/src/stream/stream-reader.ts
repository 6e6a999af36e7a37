import { SpoolId } from "rockspool";
import { StreamError } from "../errors.ts";
import type { MailItem } from "../mail/mail-item.ts";
import {
  CRC_BYTES,
  HEAD_BYTES,
  ID_BYTES,
  isSealed,
  MESSAGE_HEADER_BYTES,
  RecordType,
  STREAM_MAGIC,
  STREAM_VERSION,
  TAIL_BYTES,
  TYPE_BYTES,
} from "./stream-format.ts";

/** The messages of a stream, one at a time. Throws a `StreamError` where it is cut or damaged: what came before is whole. */
export async function* readStream(chunks: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<MailItem> {
  const bytes = new ByteQueue(chunks);
  await readHead(bytes);
  let messages = 0;
  let total = 0;
  for (;;) {
    const type = (await bytes.take(TYPE_BYTES))[0];
    if (type === RecordType.End) break;
    if (type !== RecordType.Message)
      throw new StreamError(`a record of type ${type} is none of version ${STREAM_VERSION}`);
    const { id, data } = await readMessage(bytes);
    messages++;
    total += data.byteLength;
    yield {
      name: `${name} message ${messages}`,
      bytes: data.byteLength,
      id: String(id),
      keepsId: true,
      read: () => Promise.resolve(data),
    };
  }
  const tail = await bytes.takeSealed(TAIL_BYTES, RecordType.End);
  const [count, size] = [tail.readBigUInt64LE(0), tail.readBigUInt64LE(8)];
  if (count !== BigInt(messages) || size !== BigInt(total)) {
    throw new StreamError(`it held ${count} messages of ${size} bytes, and ${messages} of ${total} are there`);
  }
  if (!(await bytes.isAtEnd())) throw new StreamError("there is something behind its end");
}

async function readHead(bytes: ByteQueue): Promise<void> {
  const head = await bytes.take(HEAD_BYTES);
  if (head.toString("latin1", 0, STREAM_MAGIC.length) !== STREAM_MAGIC)
    throw new StreamError("it is no rockspool stream");
  const version = head.readUInt32LE(STREAM_MAGIC.length);
  if (!isSealed(head)) throw new StreamError("its head is damaged");
  if (version !== STREAM_VERSION) {
    throw new StreamError(`it is of version ${version}, and only ${STREAM_VERSION} is known here`);
  }
}

async function readMessage(bytes: ByteQueue): Promise<{ id: SpoolId; data: Uint8Array }> {
  const header = await bytes.takeSealed(MESSAGE_HEADER_BYTES, RecordType.Message);
  const length = header.readUInt32LE(ID_BYTES);
  const sealedData = await bytes.take(length + CRC_BYTES);
  if (!isSealed(sealedData)) throw new StreamError("a message is damaged");
  return { id: SpoolId.fromBytes(header.subarray(0, ID_BYTES)), data: sealedData.subarray(0, length) };
}

/** Takes bytes by the number, across the chunks that they come in. */
class ByteQueue {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  async take(count: number): Promise<Buffer> {
    while (this.#bytes < count) {
      const { value, done } = await this.#chunks.next();
      if (done === true) throw new StreamError("it is cut: its end is missing");
      this.#push(value);
    }
    const all =
      this.#pieces.length === 1
        ? Buffer.from(this.#pieces[0]!.buffer, this.#pieces[0]!.byteOffset, this.#bytes)
        : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#bytes = 0;
    this.#push(all.subarray(count));
    return all.subarray(0, count);
  }

  /** What follows a record's type, which is sealed with it. */
  async takeSealed(count: number, type: number): Promise<Buffer> {
    const record = Buffer.concat([Uint8Array.of(type), await this.take(count)]);
    if (!isSealed(record)) throw new StreamError("a record's head is damaged");
    return record.subarray(TYPE_BYTES);
  }

  async isAtEnd(): Promise<boolean> {
    while (this.#bytes === 0) {
      const { value, done } = await this.#chunks.next();
      if (done === true) return true;
      this.#push(value);
    }
    return false;
  }

  #push(piece: Uint8Array): void {
    if (piece.byteLength === 0) return;
    this.#pieces.push(piece);
    this.#bytes += piece.byteLength;
  }
}
