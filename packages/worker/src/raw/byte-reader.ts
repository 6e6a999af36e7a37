/** The bytes do not have the expected format. Never leaves this folder. */
export class MalformedError extends Error {
  override readonly name = "MalformedError";
}

const LAST_SAFE_BITS = 2 ** 46;

/** Reads numbers and strings in sequence. Throws `MalformedError` if the bytes end too early. */
export class ByteReader {
  readonly bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get at(): number {
    return this.#at;
  }

  get done(): boolean {
    return this.#at === this.bytes.byteLength;
  }

  byte(): number {
    return this.take(1)[0]!;
  }

  /** 7 bits a byte, the lowest first. A number is enough: no offset or length reaches 2^53. */
  varint(): number {
    let value = 0;
    for (let scale = 1; scale <= LAST_SAFE_BITS; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new MalformedError("a number has too many bytes");
  }

  /** A signed varint: 0, -1, 1, -2, … are stored as 0, 1, 2, 3, … */
  zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  uint32(): number {
    return this.take(4).readUInt32LE(0);
  }

  uint64(): bigint {
    return this.take(8).readBigUInt64LE(0);
  }

  /** A view of the next `length` bytes. */
  take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.bytes.byteLength) throw new MalformedError("it ends too early");
    const view = this.bytes.subarray(this.#at, end);
    this.#at = end;
    return view;
  }

  /** A view of a string that follows its length. */
  prefixed(): Buffer {
    return this.take(this.varint());
  }
}

/** The result of `read`; null if the bytes are malformed. */
export function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedError) return null;
    throw error;
  }
}
