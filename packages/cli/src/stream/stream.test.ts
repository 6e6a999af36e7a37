import { SpoolId } from "rockspool";
import { describe, expect, it } from "vitest";
import { StreamError } from "../errors.ts";
import { StreamEncoding } from "./stream-encoding.ts";
import { HEAD_BYTES, MESSAGE_HEADER_BYTES, sealed } from "./stream-format.ts";
import { readStream } from "./stream-reader.ts";

const MESSAGES = [Buffer.from("first"), Buffer.alloc(0), Buffer.from("x".repeat(3000)), Buffer.from([0, 255, 10, 13])];
const IDS = MESSAGES.map(() => SpoolId.generate());

function written(): Buffer {
  const encoding = new StreamEncoding();
  const entries = MESSAGES.flatMap((data, i) => encoding.entry(IDS[i] as SpoolId, data));
  return Buffer.concat([...encoding.head(), ...entries, ...encoding.tail()]);
}

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

interface Read {
  readonly messages: [string, string][];
  readonly error: unknown;
}

async function read(bytes: Buffer, size = 700): Promise<Read> {
  const messages: [string, string][] = [];
  try {
    for await (const item of readStream(inPieces(bytes, size), "test"))
      messages.push([String(item.id), Buffer.from(await item.read()).toString("hex")]);
  } catch (error) {
    return { messages, error };
  }
  return { messages, error: null };
}

const ALL = MESSAGES.map((data, i) => [String(IDS[i]), data.toString("hex")]);

describe("a stream", () => {
  it.each([1, 7, 700, 100_000])("is read as it was written, in chunks of %i bytes", async (size) => {
    expect(await read(written(), size)).toEqual({ messages: ALL, error: null });
  });

  it("is the bytes that docs/export-format.md shows", () => {
    const encoding = new StreamEncoding();
    const id = SpoolId.parse("5f0b2e80d9a811f0a1b2c3d4e5f60708");
    const parts = [encoding.head(), encoding.entry(id, Buffer.from("hello")), encoding.tail()];
    expect(parts.map((pieces) => Buffer.concat(pieces).toString("hex"))).toMatchInlineSnapshot(`
      [
        "726f636b73706f6f6c2073747265616d01000000cbfa68dc",
        "015f0b2e80d9a811f0a1b2c3d4e5f6070805000000105fba6a68656c6c6f86a61036",
        "02010000000000000005000000000000008ffe5bfb",
      ]
    `);
  });

  it("that is cut anywhere is rejected, after the messages before the cut", async () => {
    const bytes = written();
    for (let end = 0; end < bytes.byteLength; end += end < 200 || end > bytes.byteLength - 100 ? 1 : 97) {
      const { messages, error } = await read(bytes.subarray(0, end));
      expect(error, `cut at ${end}`).toBeInstanceOf(StreamError);
      expect(messages).toEqual(ALL.slice(0, messages.length));
    }
  });

  it("with a flipped bit anywhere is rejected, and yields no message that was not written", async () => {
    const bytes = written();
    for (let at = 0; at < bytes.byteLength; at += at < 200 || at > bytes.byteLength - 100 ? 1 : 97) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] as number) ^ 0x04;
      const { messages, error } = await read(flipped);
      expect(error, `flipped at ${at}`).toBeInstanceOf(StreamError);
      expect(messages).toEqual(ALL.slice(0, messages.length));
    }
  });

  it("that lacks a message, or goes on after its end, is rejected", async () => {
    const bytes = written();
    const first = HEAD_BYTES + 1 + MESSAGE_HEADER_BYTES + "first".length + 4;
    const lost = Buffer.concat([bytes.subarray(0, HEAD_BYTES), bytes.subarray(first)]);
    expect((await read(lost)).error).toMatchObject({ message: expect.stringContaining("4 messages") });
    expect((await read(Buffer.concat([bytes, Buffer.of(0)]))).error).toBeInstanceOf(StreamError);
  });

  it("of a later version is rejected with its number", async () => {
    const bytes = written();
    bytes.writeUInt32LE(2, 16);
    sealed(bytes.subarray(0, HEAD_BYTES));
    expect((await read(bytes)).error).toMatchObject({ message: expect.stringContaining("version 2") });
  });
});
