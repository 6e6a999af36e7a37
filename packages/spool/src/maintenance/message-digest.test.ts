import { SpoolId } from "@rockspool/core";
import { describe, expect, it } from "vitest";
import { MessageDigest } from "./message-digest.ts";

interface Message {
  readonly id: Uint8Array;
  readonly data: Uint8Array;
}

const [empty, one, two, long] = [message(""), message("one"), message("two"), message("a longer one")];
const messages = [empty, one, two, long];

function message(text: string): Message {
  return { id: SpoolId.generate().bytes, data: Buffer.from(text) };
}

function digestOf(...set: Message[]): MessageDigest {
  const digest = new MessageDigest();
  for (const message of set) digest.add(message);
  return digest;
}

describe("a digest of messages", () => {
  it("counts messages and bytes", () => {
    const { messages: count, bytes } = digestOf(...messages);
    expect([count, bytes]).toEqual([4, 3 + 3 + 12]);
  });

  it("is equal for the same messages in another order", () => {
    expect(digestOf(empty, one, two, long).equals(digestOf(long, two, empty, one))).toBe(true);
    expect(digestOf().equals(digestOf())).toBe(true);
  });

  it.each([
    ["lacks a message", [empty, one, two]],
    ["lacks an empty message", [one, two, long]],
    ["has a message twice", [empty, one, two, long, one]],
    ["has one message twice and lacks another of the same size", [empty, one, one, long]],
    ["has another id", [empty, { ...one, id: SpoolId.generate().bytes }, two, long]],
    ["has other bytes of the same length", [empty, { ...one, data: Buffer.from("onf") }, two, long]],
    ["has the data of two messages swapped", [empty, { ...one, data: two.data }, { ...two, data: one.data }, long]],
  ])("differs where the other set %s", (_what, other) => {
    expect(digestOf(...messages).equals(digestOf(...other))).toBe(false);
    expect(digestOf(...other).equals(digestOf(...messages))).toBe(false);
  });

  it("differs for sets that an exclusive or of the hashes would not tell apart", () => {
    expect(digestOf(one, one, two).equals(digestOf(two, two, two))).toBe(false);
    expect(digestOf(one, one).equals(digestOf(two, two))).toBe(false);
  });
});
