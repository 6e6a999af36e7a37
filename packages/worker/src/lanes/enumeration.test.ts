import { SpoolEngineError, SpoolId } from "@rockspool/core";
import { describe, expect, it } from "vitest";
import {
  answerPages,
  consume,
  corrupt,
  entriesFor,
  item,
  openEnumeration,
  PATH,
  type Stored,
} from "../../test/enumeration-fixture.ts";
import { hex } from "../../test/fake-engine.ts";
import { settled } from "../../test/inbox.ts";
import type { EngineEntry } from "../engine/engine.ts";
import { PROOF_KEY } from "../engine/reserved-keys.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Messages in key order. */
function messagesOf(count: number, bytes = 10): Stored[] {
  const messages = Array.from({ length: count }, (_, index) => {
    return { key: SpoolId.generate().toBytes(), message: new Uint8Array(bytes).fill(index) };
  });
  return sorted(messages);
}

function sorted(messages: readonly Stored[]): Stored[] {
  return [...messages].sort((a, b) => Buffer.compare(a.key, b.key));
}

/** A message whose key is no id, or has one byte. */
function keyed(key: Uint8Array): Stored {
  return { key, message: Uint8Array.of(1) };
}

describe("the entries", () => {
  it("are all messages, for any number of pages and frames, followed by the end", async () => {
    for (const count of [0, 1, 255, 256, 257, 512, 1_500]) {
      const enumeration = openEnumeration();
      const messages = messagesOf(count);
      answerPages(enumeration, entriesFor(enumeration, messages));
      const { sent, end } = await consume(enumeration);
      expect(sent).toStrictEqual(messages.map(item));
      expect(end).toBeNull();
      await enumeration.done;
    }
  });

  it("hold the decompressed message, not the body in the log", async () => {
    const enumeration = openEnumeration();
    const stored = { key: SpoolId.generate().toBytes(), message: new Uint8Array(20_000).fill(0x61) };
    answerPages(enumeration, entriesFor(enumeration, [stored]));
    expect(enumeration.store.log.bytes).toBeLessThan(5_000);
    const { sent } = await consume(enumeration);
    expect(sent).toStrictEqual([item(stored)]);
  });

  it("come in a frame of their own if they are larger than the receiver's buffer", async () => {
    const enumeration = openEnumeration();
    const sizes = [10, 3 * MIB, 20, 2 * MIB + 1, 30];
    const messages = sizes.flatMap((bytes) => messagesOf(1, bytes));
    answerPages(enumeration, entriesFor(enumeration, messages));
    const { sent, frames } = await consume(enumeration);
    expect(sent.map(({ bytes }) => bytes)).toStrictEqual(sizes);
    expect(frames).toBe(5);
  });

  it("leave out reserved keys", async () => {
    const enumeration = openEnumeration();
    const [message] = messagesOf(1) as [Stored];
    const reserved = [0, 1, 0x7f, 0xff].map((byte) => ({ key: Uint8Array.of(byte), value: new Uint8Array(0) }));
    const proof = { key: PROOF_KEY, value: new Uint8Array(0) };
    answerPages(enumeration, [...reserved, proof, ...entriesFor(enumeration, [message])]);
    const { sent, end } = await consume(enumeration);
    expect(sent).toStrictEqual([item(message)]);
    expect(end).toBeNull();
  });

  it("are corrupt, with the key and the reason, for keys that are no id", async () => {
    const enumeration = openEnumeration();
    const notVersion1 = Buffer.from("c232ab00941441ecb3c89f6bdeced846", "hex");
    const keys = [
      new Uint8Array(0),
      Uint8Array.of(1, 2),
      Buffer.alloc(16, 3),
      notVersion1,
      Buffer.alloc(17),
      Buffer.alloc(900, 7),
    ];
    answerPages(enumeration, entriesFor(enumeration, keys.map(keyed)));
    const { sent } = await consume(enumeration);
    expect(sent).toStrictEqual(keys.map((key) => corrupt(key, expect.stringContaining("a key is a SpoolId"))));
  });

  it("are corrupt for bodies that cannot be read, which are reported; the others follow", async () => {
    const enumeration = openEnumeration();
    const messages = messagesOf(5);
    const entries = entriesFor(enumeration, messages);
    const [, damaged, gone, noPlace] = entries.map(({ value }) => Buffer.from(value)) as Buffer[];
    damaged?.writeUInt32LE(1, 20);
    gone?.writeUInt32LE(99, 4);
    const values = [entries[0]?.value, damaged, gone, noPlace?.subarray(1), entries[4]?.value];
    answerPages(
      enumeration,
      entries.map(({ key }, i) => ({ key, value: values[i] as Uint8Array })),
    );
    const { sent, end } = await consume(enumeration);
    const key = (i: number): Uint8Array => (messages[i] as Stored).key;
    expect(sent).toStrictEqual([
      item(messages[0] as Stored),
      corrupt(key(1), expect.stringMatching(/^the body at \d+ of segment 1 does not match its checksum$/)),
      corrupt(key(2), expect.stringMatching(/^the message log has no \d+ bytes at \d+ of segment 99$/)),
      corrupt(key(3), "an entry of the index is no place"),
      item(messages[4] as Stored),
    ]);
    expect(end).toBeNull();
    expect(enumeration.errors).toMatchObject([
      { kind: "corruption", cause: { name: "CorruptBodyError" } },
      { kind: "corruption", cause: { name: "CorruptBodyError" } },
      { kind: "corruption", message: "an entry of the index is no place" },
    ]);
  });

  it("leave out a message that was removed since its entry was read, and follow one that was moved", async () => {
    const enumeration = openEnumeration();
    const messages = messagesOf(3);
    const entries = entriesFor(enumeration, messages);
    const [moved, removed] = entries.map(({ value }) => Buffer.from(value)) as [Buffer, Buffer, Buffer];
    moved.writeUInt32LE(99, 4);
    removed.writeUInt32LE(99, 4);
    (await enumeration.engine.pages.next()).succeed([
      { ...entries[0], value: moved } as EngineEntry,
      { ...entries[1], value: removed } as EngineEntry,
      entries[2] as EngineEntry,
    ]);
    const look = await enumeration.engine.reads.next();
    expect(look.request).toStrictEqual(messages.slice(0, 2).map(({ key }) => hex(key)));
    look.succeed([entries[0]?.value as Uint8Array, null]);
    const { sent } = await consume(enumeration);
    expect(sent).toStrictEqual([messages[0], messages[2]].map((message) => item(message as Stored)));
    expect(enumeration.errors).toStrictEqual([]);
  });

  it("leave out messages created in the requested millisecond or later", async () => {
    const early = SpoolId.generate();
    const bytes = early.toBytes();
    // Adds a second to the low part of the id's time.
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    view.setUint32(0, (view.getUint32(0) + 10_000_000) % 2 ** 32);
    const late = SpoolId.fromBytes(bytes);
    const [first, second] = early.createdMs < late.createdMs ? [early, late] : [late, early];
    const enumeration = openEnumeration({ createdBeforeMs: second.createdMs });
    const messages = [first, second].map((id) => keyed(id.toBytes()));
    answerPages(enumeration, entriesFor(enumeration, messages));
    const { sent, end } = await consume(enumeration);
    expect(sent).toStrictEqual([item(messages[0] as Stored)]);
    expect(end).toBeNull();
    // The body of the other is not even read.
    expect(enumeration.batches.flat()).toHaveLength(1);
  });
});

describe("credits", () => {
  it("without a credit one batch is read ahead and nothing is sent", async () => {
    const enumeration = openEnumeration();
    answerPages(enumeration, entriesFor(enumeration, messagesOf(3_000)));
    await settled();
    await settled();
    expect(enumeration.batches.map(({ length }) => length)).toStrictEqual([1024]);
    expect(enumeration.pages).toHaveLength(4);
    expect(enumeration.received.size).toBe(0);
  });

  it("each credit is one frame: without credits the reading stops, and a new one continues it", async () => {
    const enumeration = openEnumeration();
    answerPages(enumeration, entriesFor(enumeration, messagesOf(5_000, 1_000)));
    for (let frame = 1; frame <= 6; frame++) {
      enumeration.credit();
      await enumeration.received.next();
      await settled();
      expect(enumeration.received.size).toBe(0);
      const read = enumeration.batches.flat().length;
      // A frame holds 256 entries, a batch 1,024 at most, and no batch begins before the one before is in frames.
      expect(read).toBeGreaterThanOrEqual(frame * 256);
      expect(read).toBeLessThanOrEqual(frame * 256 + 256 + 1024);
    }
  });

  it("unused credits do not delay the end", async () => {
    const enumeration = openEnumeration();
    for (let count = 0; count < 5; count++) enumeration.credit();
    answerPages(enumeration, entriesFor(enumeration, messagesOf(1)));
    expect((await consume(enumeration)).sent).toHaveLength(1);
    await enumeration.done;
  });
});

describe("a receiver that closes its port", () => {
  it("while the sender waits for a credit stops the reading", async () => {
    const enumeration = openEnumeration();
    answerPages(enumeration, entriesFor(enumeration, messagesOf(3_000)));
    await settled();
    await settled();
    enumeration.port.close();
    await enumeration.done;
    expect(enumeration.batches).toHaveLength(1);
    expect(enumeration.errors).toStrictEqual([]);
  });

  it("while a page is read stops the reading after the batch of that page", async () => {
    const enumeration = openEnumeration();
    for (let count = 0; count < 50; count++) enumeration.credit();
    const page = await enumeration.engine.pages.next();
    enumeration.port.close();
    await enumeration.closed;
    page.succeed(entriesFor(enumeration, messagesOf(256, 8 * KIB)));
    await enumeration.done;
    expect(enumeration.batches).toHaveLength(1);
    expect(enumeration.engine.pages.size).toBe(0);
    expect(enumeration.errors).toStrictEqual([]);
  });

  it("while no entry is sent stops the reading too", async () => {
    const enumeration = openEnumeration({ createdBeforeMs: 0 });
    const page = await enumeration.engine.pages.next();
    enumeration.port.close();
    await enumeration.closed;
    page.succeed(entriesFor(enumeration, messagesOf(256)));
    await settled();
    expect(enumeration.engine.pages.size).toBe(0);
    await enumeration.done;
  });
});

describe("pages and batches", () => {
  it("a page has 256 entries of the index, and begins after the last key of the one before", async () => {
    const enumeration = openEnumeration();
    const messages = messagesOf(600);
    answerPages(enumeration, entriesFor(enumeration, messages));
    await consume(enumeration);
    const afters = [null, ...[255, 511].map((index) => hex((messages[index] as Stored).key))];
    expect(enumeration.pages).toStrictEqual(afters.map((after) => ({ after, limit: 256 })));
  });

  it.each([
    ["1 KiB", KIB],
    ["16 KiB", 16 * KIB],
    ["100 KiB", 100 * KIB],
    ["700 KiB", 700 * KIB],
    ["2 MiB", 2 * MIB],
  ])("a batch ends with the message that makes it 1 MiB, from the first batch on: %s", async (_, bytes) => {
    const enumeration = openEnumeration();
    answerPages(enumeration, entriesFor(enumeration, messagesOf(40, bytes)));
    const { sent } = await consume(enumeration);
    expect(sent).toHaveLength(40);
    for (const batch of enumeration.batches) expect((batch.length - 1) * bytes).toBeLessThan(MIB);
  });
});

describe("an index that fails", () => {
  const broken = new SpoolEngineError("block checksum mismatch", { kind: "corruption", path: PATH });

  it("at the first page ends the stream with the error, which is reported once", async () => {
    const enumeration = openEnumeration();
    (await enumeration.engine.pages.next()).fail(broken);
    const { sent, end } = await consume(enumeration);
    expect(sent).toStrictEqual([]);
    expect(end).toMatchObject({ code: "SPOOL_ENGINE", kind: "corruption", path: PATH, message: broken.message });
    expect(enumeration.errors).toStrictEqual([broken]);
    await enumeration.done;
  });

  it("at a later page ends the stream after the batches read before", async () => {
    const enumeration = openEnumeration();
    (await enumeration.engine.pages.next()).succeed(entriesFor(enumeration, messagesOf(256, 8 * KIB)));
    for (let count = 0; count < 4; count++) enumeration.credit();
    (await enumeration.engine.pages.next()).fail(broken);
    const { sent, end } = await consume(enumeration);
    expect(sent).toHaveLength(256);
    expect(end).toMatchObject({ kind: "corruption" });
  });
});
