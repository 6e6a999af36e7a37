import { SpoolEngineError, SpoolId } from "@rockspool/core";
import { describe, expect, it } from "vitest";
import { answerPages, consume, corrupt, item, openEnumeration, PATH, raw } from "../../test/enumeration-fixture.ts";
import { hex } from "../../test/fake-engine.ts";
import { settled } from "../../test/inbox.ts";
import type { EngineEntry } from "../engine/engine.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Messages in key order. */
function entriesOf(count: number, bytes = 10): EngineEntry[] {
  const entries = Array.from({ length: count }, (_, index) => {
    return { key: SpoolId.generate().toBytes(), value: raw(new Uint8Array(bytes).fill(index)) };
  });
  return entries.sort((a, b) => Buffer.compare(a.key, b.key));
}

describe("the entries", () => {
  it("are all messages, for any number of pages and frames, followed by the end", async () => {
    for (const count of [0, 1, 15, 16, 17, 48, 300, 1_500]) {
      const enumeration = openEnumeration();
      const entries = entriesOf(count);
      answerPages(enumeration, entries);
      const { sent, end } = await consume(enumeration);
      expect(sent).toStrictEqual(entries.map(({ key, value }) => item(key, value.subarray(1))));
      expect(end).toBeNull();
      await enumeration.done;
    }
  });

  it("hold the decompressed message, not the value", async () => {
    const enumeration = openEnumeration();
    const message = new Uint8Array(20_000).fill(0x61);
    const key = SpoolId.generate().toBytes();
    answerPages(enumeration, [{ key, value: enumeration.codec.compress(message) as Uint8Array }]);
    const { sent } = await consume(enumeration);
    expect(sent).toStrictEqual([item(key, message)]);
  });

  it("come in a frame of their own if they are larger than the receiver's buffer", async () => {
    const enumeration = openEnumeration();
    const sizes = [10, 3 * MIB, 20, 2 * MIB + 1, 30];
    const entries = sizes.flatMap((bytes) => entriesOf(1, bytes));
    answerPages(enumeration, entries);
    const { sent, frames } = await consume(enumeration);
    expect(sent.map(({ bytes }) => bytes)).toStrictEqual(sizes);
    expect(frames).toBe(5);
  });

  it("leave out reserved keys", async () => {
    const enumeration = openEnumeration();
    const [entry] = entriesOf(1) as [EngineEntry];
    const reserved = [0, 1, 0x7f, 0xff].map((byte) => ({ key: Uint8Array.of(byte), value: new Uint8Array(0) }));
    answerPages(enumeration, [...reserved, entry]);
    const { sent, end } = await consume(enumeration);
    expect(sent).toStrictEqual([item(entry.key, entry.value.subarray(1))]);
    expect(end).toBeNull();
  });

  it("are corrupt, with the key and the reason, for keys that are no id", async () => {
    const enumeration = openEnumeration();
    const notVersion1 = Buffer.from("c232ab00941441ecb3c89f6bdeced846", "hex");
    const keys = [
      new Uint8Array(0),
      Uint8Array.of(1, 2),
      Buffer.alloc(16),
      notVersion1,
      Buffer.alloc(17),
      Buffer.alloc(900, 7),
    ];
    answerPages(
      enumeration,
      keys.map((key) => ({ key, value: raw(Uint8Array.of(1)) })),
    );
    const { sent } = await consume(enumeration);
    expect(sent).toStrictEqual(keys.map((key) => corrupt(key, expect.stringContaining("a key is a SpoolId"))));
  });

  it("are corrupt for values that do not decode; the others follow, and nothing is reported", async () => {
    const enumeration = openEnumeration();
    const [before, empty, unknown, after] = entriesOf(4) as [EngineEntry, EngineEntry, EngineEntry, EngineEntry];
    answerPages(enumeration, [
      before,
      { key: empty.key, value: new Uint8Array(0) },
      { key: unknown.key, value: Uint8Array.of(77, 1) },
      after,
    ]);
    const { sent, end } = await consume(enumeration);
    expect(sent).toStrictEqual([
      item(before.key, before.value.subarray(1)),
      corrupt(empty.key, "the value is empty: not even a header byte"),
      corrupt(unknown.key, "the value's header byte is 77, which means nothing"),
      item(after.key, after.value.subarray(1)),
    ]);
    expect(end).toBeNull();
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
    answerPages(enumeration, [
      { key: first.toBytes(), value: raw(Uint8Array.of(1)) },
      { key: second.toBytes(), value: raw(Uint8Array.of(2)) },
    ]);
    const { sent, end } = await consume(enumeration);
    expect(sent).toStrictEqual([item(first.toBytes(), Uint8Array.of(1))]);
    expect(end).toBeNull();
  });
});

describe("credits", () => {
  it("without a credit one page is read ahead and nothing is sent", async () => {
    const enumeration = openEnumeration();
    answerPages(enumeration, entriesOf(2_000));
    await settled();
    expect(enumeration.pages).toHaveLength(1);
    expect(enumeration.received.size).toBe(0);
  });

  it("each credit is one frame: without credits the reading stops, and a new one continues it", async () => {
    const enumeration = openEnumeration();
    const entries = entriesOf(5_000, 1_000);
    answerPages(enumeration, entries);
    let read = 0;
    for (let frame = 1; frame <= 3; frame++) {
      enumeration.credit();
      await enumeration.received.next();
      await settled();
      expect(enumeration.received.size).toBe(0);
      const before = read;
      read = enumeration.pages.reduce((sum, { limit }) => sum + limit, 0);
      // A frame holds 256 entries, a page at most as many.
      expect(read - before).toBeLessThanOrEqual(3 * 256);
      expect(read).toBeGreaterThan(frame * 256 - 1);
    }
  });

  it("unused credits do not delay the end", async () => {
    const enumeration = openEnumeration();
    for (let count = 0; count < 5; count++) enumeration.credit();
    answerPages(enumeration, entriesOf(1));
    expect((await consume(enumeration)).sent).toHaveLength(1);
    await enumeration.done;
  });
});

describe("a receiver that closes its port", () => {
  it("while the sender waits for a credit stops the reading", async () => {
    const enumeration = openEnumeration();
    answerPages(enumeration, entriesOf(2_000));
    await settled();
    enumeration.port.close();
    await enumeration.done;
    expect(enumeration.pages).toHaveLength(1);
    expect(enumeration.errors).toStrictEqual([]);
  });

  it("while a page is read stops the reading after that page", async () => {
    const enumeration = openEnumeration();
    for (let count = 0; count < 50; count++) enumeration.credit();
    const page = await enumeration.engine.pages.next();
    enumeration.port.close();
    await enumeration.closed;
    page.succeed(entriesOf(16));
    await enumeration.done;
    expect(enumeration.engine.pages.size).toBe(0);
    expect(enumeration.errors).toStrictEqual([]);
  });

  it("while no entry is sent stops the reading too", async () => {
    const enumeration = openEnumeration({ createdBeforeMs: 0 });
    const page = await enumeration.engine.pages.next();
    enumeration.port.close();
    await enumeration.closed;
    page.succeed(entriesOf(16));
    await settled();
    expect(enumeration.engine.pages.size).toBe(0);
    await enumeration.done;
  });
});

describe("pages", () => {
  it("start with 16 entries, double, and stay at 256", async () => {
    const enumeration = openEnumeration();
    const entries = entriesOf(1_500);
    answerPages(enumeration, entries);
    await consume(enumeration);
    expect(enumeration.pages.map(({ limit }) => limit)).toStrictEqual([16, 32, 64, 128, 256, 256, 256, 256, 256]);
  });

  it("begin after the last key of the page before", async () => {
    const enumeration = openEnumeration();
    const entries = entriesOf(60);
    answerPages(enumeration, entries);
    await consume(enumeration);
    const afters = [null, ...[15, 47].map((index) => hex((entries[index] as EngineEntry).key))];
    expect(enumeration.pages.map(({ after }) => after)).toStrictEqual(afters);
  });

  it.each([
    ["1 KiB", KIB],
    ["16 KiB", 16 * KIB],
    ["100 KiB", 100 * KIB],
    ["700 KiB", 700 * KIB],
    ["2 MiB", 2 * MIB],
  ])("hold at most 1 MiB, or one entry, after the first page: %s", async (_, bytes) => {
    const enumeration = openEnumeration();
    answerPages(enumeration, entriesOf(40, bytes));
    const { sent } = await consume(enumeration);
    expect(sent).toHaveLength(40);
    for (const { limit } of enumeration.pages.slice(1)) expect(limit === 1 || limit * bytes <= MIB).toBe(true);
  });

  it("grow again when the messages get smaller", async () => {
    const enumeration = openEnumeration();
    const entries = [...entriesOf(16, MIB), ...entriesOf(1_000)].sort((a, b) => b.value.length - a.value.length);
    answerPages(enumeration, entries);
    await consume(enumeration);
    expect(Math.min(...enumeration.pages.map(({ limit }) => limit))).toBe(1);
    expect(Math.max(...enumeration.pages.map(({ limit }) => limit))).toBe(256);
  });
});

describe("an engine that fails", () => {
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

  it("at a later page ends the stream after the entries read before", async () => {
    const enumeration = openEnumeration();
    const entries = entriesOf(16);
    (await enumeration.engine.pages.next()).succeed(entries);
    enumeration.credit();
    (await enumeration.engine.pages.next()).fail(broken);
    const { sent, end } = await consume(enumeration);
    expect(sent).toHaveLength(16);
    expect(end).toMatchObject({ kind: "corruption" });
  });
});
