import fc from "fast-check";
import { SpoolId } from "rockspool";
import { describe, expect, it } from "vitest";
import { type MboxMessage, MboxParser } from "./mbox-parser.ts";
import { asctime, mboxEntry } from "./mbox-writer.ts";

const NO_LIMIT = Number.MAX_SAFE_INTEGER;

function parse(chunks: readonly Uint8Array[], limit = NO_LIMIT): MboxMessage[] {
  const parser = new MboxParser(limit);
  return [...chunks.flatMap((chunk) => parser.push(chunk)), ...parser.end()];
}

const textsOf = (messages: readonly MboxMessage[]) =>
  messages.map(({ data }) => (data === null ? null : Buffer.from(data).toString("latin1")));

const textsIn = (mbox: string) => textsOf(parse([Buffer.from(mbox, "latin1")]));

/** Made of bytes that have a meaning in an mbox file, so that random texts hit the corner cases. */
const messageText = fc
  .array(
    fc.constantFrom("From ", "From", "F", ">", ">>", "\n", "\r\n", "\r", "\n\n", "x", "Subject: a", "é\u0000", " "),
  )
  .map((parts) => parts.join(""));

const ended = (text: string) => (text === "" || text.endsWith("\n") ? text : `${text}\n`);

const mboxOf = (texts: readonly string[]) =>
  Buffer.concat(texts.flatMap((text) => mboxEntry(SpoolId.generate(), Buffer.from(text, "latin1"))));

describe("an mbox that was written and read", () => {
  it("has every byte of every message, and a line feed at the end of a last line without one", () => {
    fc.assert(
      fc.property(fc.array(messageText, { minLength: 1 }), (texts) => {
        expect(textsOf(parse([mboxOf(texts)]))).toEqual(texts.map(ended));
      }),
      { numRuns: 2000 },
    );
  });

  it("is read the same wherever its chunks end", () => {
    fc.assert(
      fc.property(fc.array(messageText, { minLength: 1, maxLength: 4 }), (texts) => {
        const mbox = mboxOf(texts);
        const whole = texts.map(ended);
        for (let cut = 0; cut <= mbox.length; cut++) {
          expect(textsOf(parse([mbox.subarray(0, cut), mbox.subarray(cut)]))).toEqual(whole);
        }
        expect(textsOf(parse([...mbox].map((byte) => Uint8Array.of(byte))))).toEqual(whole);
      }),
    );
  });

  it("keeps the id and the date in the From_ line", () => {
    const id = SpoolId.generate();
    const [message] = parse(mboxEntry(id, Buffer.from("x\n")));
    expect(message?.from).toBe(`${id}@rockspool ${asctime(id.created)}`);
  });
});

describe("MboxParser", () => {
  it("starts a message only at the start of the file or after an empty line", () => {
    expect(textsIn("From a\none\nFrom here on\n\nFrom b\ntwo\n")).toEqual(["one\nFrom here on\n", "two\n"]);
  });

  it("removes one > from quoted lines, at any depth, and none from others", () => {
    expect(textsIn("From a\n>From x\n>>>From y\n>Fro\n> From\n>\n>>>\n>>F\n")).toEqual([
      "From x\n>>From y\n>Fro\n> From\n>\n>>>\n>>F\n",
    ]);
  });

  it("reads CRLF files, whose separators are CRLF too", () => {
    expect(textsIn("From a\r\nA: b\r\n\r\n>From x\r\n\r\nFrom b\r\nC: d\r\n\r\n\r\n")).toEqual([
      "A: b\r\n\r\nFrom x\r\n",
      "C: d\r\n\r\n",
    ]);
  });

  it("keeps all empty lines of a message except the separator", () => {
    expect(textsIn("From a\n\n\n\nFrom b\nx\n\n\n")).toEqual(["\n\n", "x\n\n"]);
  });

  it("reads a file whose last message has no separator, or no line feed", () => {
    expect(textsIn("From a\nx\n\nFrom b\ny")).toEqual(["x\n", "y"]);
  });

  it("reads empty messages", () => {
    expect(textsIn("From a\n\nFrom b\n\nFrom c")).toEqual(["", "", ""]);
  });

  it("reads no message in an empty file, nor in empty lines", () => {
    expect(textsIn("")).toEqual([]);
    expect(textsIn("\n\r\n\n")).toEqual([]);
  });

  it.each(["Subject: x\n\nbody\n", "Fro", ">From a\n", "\n\rFrom a\n", "From"])(
    "rejects what is not an mbox file: %j",
    (text) => {
      expect(() => textsIn(text)).toThrow("does not start with a From_ line");
    },
  );

  it("skips a message that is too large, returns its size, and reads the next one", () => {
    const mbox = `From a\n${"x".repeat(99)}\n\nFrom b\n${"y".repeat(100)}\n\nFrom c\nz\n\n`;
    const messages = parse([Buffer.from(mbox)], 100);
    expect(textsOf(messages)).toEqual([`${"x".repeat(99)}\n`, null, "z\n"]);
    expect(messages.map(({ bytes }) => bytes)).toEqual([100, 101, 2]);
  });

  it("truncates a From_ line that is too long", () => {
    const [message] = parse([
      Buffer.from(`From ${"a".repeat(5000)}`),
      Buffer.from("b".repeat(5000)),
      Buffer.from("\nx\n"),
    ]);
    expect(message?.from.length).toBeLessThanOrEqual(1000);
    expect(Buffer.from(message?.data ?? []).toString()).toBe("x\n");
  });
});

describe("asctime", () => {
  it("pads the day with a space, and is in UTC", () => {
    expect(asctime(new Date("2025-01-06T08:05:09.999Z"))).toBe("Mon Jan  6 08:05:09 2025");
    expect(asctime(new Date("2024-12-31T23:59:59Z"))).toBe("Tue Dec 31 23:59:59 2024");
  });
});
