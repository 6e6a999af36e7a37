import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Composer } from "./composer.ts";
import { SHAPES } from "./shapes.ts";

const COUNT = 400;

async function composeAll(seed: number, count: number): Promise<Buffer[]> {
  const composer = new Composer(seed);
  const messages: Buffer[] = [];
  for (let index = 0; index < count; index++) messages.push(await composer.compose(index));
  return messages;
}

const hashOf = (data: Buffer) => createHash("sha256").update(data).digest("hex");

describe("Composer", () => {
  it("composes the same bytes for the same seed and index, in any order", async () => {
    const messages = await composeAll(7, 50);
    const again = new Composer(7);
    for (let index = 49; index >= 0; index--) {
      expect((await again.compose(index)).equals(messages[index] as Buffer)).toBe(true);
    }
  });

  it("composes no message twice, over indexes and seeds", async () => {
    const messages = [...(await composeAll(1, 100)), ...(await composeAll(2, 100))];
    expect(new Set(messages.map(hashOf)).size).toBe(messages.length);
  });

  it("composes real mail of 1 KiB to 1 MiB: headers, then a body, most of it small", async () => {
    const messages = await composeAll(1, COUNT);
    for (const message of messages) {
      expect(message.length).toBeGreaterThanOrEqual(1024);
      expect(message.length).toBeLessThanOrEqual(1024 * 1024);
      const head = message.toString("latin1", 0, message.indexOf("\r\n\r\n"));
      for (const header of ["From", "To", "Subject", "Message-ID", "Date", "MIME-Version", "Content-Type"]) {
        expect(head).toMatch(new RegExp(`^${header}: `, "m"));
      }
    }
    const sizes = messages.map(({ length }) => length).sort((a, b) => a - b);
    expect(sizes[COUNT * 0.75]).toBeLessThan(32 * 1024);
    expect(sizes.at(-1)).toBeGreaterThan(256 * 1024);
  });

  it("composes every kind of message", async () => {
    const all = Buffer.concat(await composeAll(1, COUNT)).toString("latin1");
    for (const part of [
      "multipart/alternative",
      "multipart/related",
      "multipart/mixed",
      "application/pdf",
      "image/jpeg",
    ]) {
      expect(all).toContain(part);
    }
    expect(all).toContain("quoted-printable");
    expect(all).toContain("=?UTF-8?");
  });

  it("has shapes for all of 100 messages", () => {
    expect(SHAPES.reduce((sum, { share }) => sum + share, 0)).toBe(100);
  });
});
