import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { SpoolId } from "rockspool";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { detectFormat } from "./detect.ts";
import { writeEml } from "./eml.ts";
import { createMaildir, deliver } from "./maildir.ts";
import { findSource, itemsOf, sizeOfSource } from "./source.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rockspool-mail-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const INPUT = { stdin: Readable.from([]), signal: new AbortController().signal };

async function messagesIn(path: string): Promise<string[]> {
  const messages: string[] = [];
  for await (const item of itemsOf(await findSource(path, undefined), INPUT)) {
    messages.push(
      await item.read().then(
        (data) => Buffer.from(data).toString(),
        (error: Error) => `error: ${error.message}`,
      ),
    );
  }
  return messages.sort();
}

describe("a Maildir", () => {
  it("is read from new and cur, without hidden files and folders", async () => {
    await createMaildir(folder);
    await writeFile(join(folder, "new", "1.a.host"), "new");
    await writeFile(join(folder, "cur", "2.b.host:2,S"), "seen");
    await writeFile(join(folder, "cur", ".hidden"), "no");
    await writeFile(join(folder, "tmp", "3.c.host"), "no");
    await createMaildir(join(folder, ".Sent"));
    await writeFile(join(folder, ".Sent", "new", "4.d.host"), "no");
    expect(await detectFormat(folder)).toBe("maildir");
    expect(await messagesIn(folder)).toEqual(["new", "seen"]);
    expect(await sizeOfSource({ path: folder, format: "maildir" }, INPUT)).toBe(7);
  });

  it("gets a message through tmp, under a name made of its id, so that a second export replaces it", async () => {
    await createMaildir(folder);
    const id = SpoolId.generate();
    await deliver(folder, id, Buffer.from("first"), true);
    await deliver(folder, id, Buffer.from("second"), false);
    expect(await readdir(join(folder, "tmp"))).toEqual([]);
    expect(await messagesIn(folder)).toEqual(["second"]);
    for await (const item of itemsOf({ path: folder, format: "maildir" }, INPUT)) expect(item.id).toBe(id.toString());
  });

  it("reports the message that cannot be read, and reads the others", async () => {
    await createMaildir(folder);
    await writeFile(join(folder, "new", "1.a.host"), "fine");
    await symlink(join(folder, "nowhere"), join(folder, "new", "2.b.host"));
    expect(await messagesIn(folder)).toEqual([expect.stringMatching(/^error: ENOENT/), "fine"]);
  });
});

describe("a folder of .eml files", () => {
  it("is searched with its subfolders, for .eml files alone, in upper or lower case", async () => {
    await mkdir(join(folder, "a", "b"), { recursive: true });
    await writeFile(join(folder, "one.eml"), "1");
    await writeFile(join(folder, "a", "b", "two.EML"), "2");
    await writeFile(join(folder, "a", "notes.txt"), "no");
    expect(await detectFormat(folder)).toBe("eml");
    expect(await messagesIn(folder)).toEqual(["1", "2"]);
  });

  it("gets complete files, and no temporary file stays", async () => {
    const id = SpoolId.generate();
    await writeEml(folder, id, Buffer.from("whole"), true);
    expect(await readdir(folder)).toEqual([`${id}.eml`]);
    expect(await readFile(join(folder, `${id}.eml`), "utf8")).toBe("whole");
  });
});

describe("detectFormat", () => {
  it.each([
    ["a.eml", "anything", "eml"],
    ["a.mbox", "", "mbox"],
    ["inbox", "From a@b Mon Jan  6 08:00:00 2025\n", "mbox"],
    ["message", "Received: from x\r\n", "eml"],
  ] as const)("reads %s with %j as %s", async (name, content, format) => {
    await writeFile(join(folder, name), content);
    expect(await detectFormat(join(folder, name))).toBe(format);
  });

  it("rejects a file that it does not recognise", async () => {
    await writeFile(join(folder, "notes"), "Dear diary\n");
    await expect(detectFormat(join(folder, "notes"))).rejects.toThrow("--format says what it is");
  });
});
