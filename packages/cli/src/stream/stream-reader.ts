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

/**
 * The messages of a stream, one at a time. Throws a `StreamError` where it is cut or damaged; all messages before are
 * intact.
 */
export async function* readStream(chunks: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<MailItem> {
  const bytes = new ByteQueue(chunks);
  await readHead(bytes);
  let messages = 0;
  let total = 0;
  for (;;) {
    const type = (await bytes.take(TYPE_BYTES))[0];
    if (type === RecordType.End) break;
    if (type !== RecordType.Message)
      throw new StreamError(`version ${STREAM_VERSION} of the stream has no record of type ${type}`);
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
    throw new StreamError(`its end says ${count} messages of ${size} bytes, and it holds ${messages} of ${total}`);
  }
  if (!(await bytes.isAtEnd())) throw new StreamError("it goes on after its end record");
}

async function readHead(bytes: ByteQueue): Promise<void> {
  const head = await bytes.take(HEAD_BYTES);
  if (head.toString("latin1", 0, STREAM_MAGIC.length) !== STREAM_MAGIC)
    throw new StreamError("it is not a rockspool stream");
  const version = head.readUInt32LE(STREAM_MAGIC.length);
  if (!isSealed(head)) throw new StreamError("its head is damaged");
  if (version !== STREAM_VERSION) {
    throw new StreamError(`it is of version ${version}, and this rockspool reads only version ${STREAM_VERSION}`);
  }
}

async function readMessage(bytes: ByteQueue): Promise<{ id: SpoolId; data: Uint8Array }> {
  const header = await bytes.takeSealed(MESSAGE_HEADER_BYTES, RecordType.Message);
  const length = header.readUInt32LE(ID_BYTES);
  const sealedData = await bytes.take(length + CRC_BYTES);
  if (!isSealed(sealedData)) throw new StreamError("a message is damaged");
  return { id: SpoolId.fromBytes(header.subarray(0, ID_BYTES)), data: sealedData.subarray(0, length) };
}

/** Takes bytes from a sequence of chunks, across their ends. */
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
      if (done === true) throw new StreamError("it is cut: its end record is missing");
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

  /** The bytes after a record's type. The CRC in them covers the type too. */
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
