import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { rockspool } from "../../test/rockspool.ts";
import { useFolder } from "../../test/use-folder.ts";

const path = useFolder();

/**
 * Messages that are hard to represent in an mbox file. It cannot express a last line without a line feed, which gets
 * one.
 */
const MESSAGES: Readonly<Record<string, string>> = {
  plain: "Subject: plain\n\nbody\n",
  crlf: "Subject: crlf\r\n\r\nbody\r\n\r\n",
  from: "From the start\nSubject: from\n\nFrom me\n>From you\n>>From them\n\nFrom after an empty line\n",
  binary: `Subject: binary\r\n\r\n${String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i))}\n`,
  newlines: "\n\n\r\n\n",
  empty: "",
};
const UNENDED = { unended: "Subject: unended\n\nno end" };

async function writeMessages(folder: string, messages: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(messages)) await writeFile(`${folder}/${name}.eml`, text, "latin1");
}

async function textsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return (await Promise.all(names.map((name) => readFile(`${folder}/${name}`, "latin1")))).sort();
}

async function expectOk(args: readonly string[], stdin: string | Uint8Array = ""): Promise<Buffer> {
  const { code, stdout, stderr } = await rockspool(args, stdin);
  expect([args[0], code, code === 0 ? "" : stderr]).toEqual([args[0], 0, ""]);
  return stdout;
}

describe("import and export", () => {
  it("keep every byte through files, Maildir and mbox, and the ids with --keep-ids", async () => {
    await writeMessages(path("in"), { ...MESSAGES, ...UNENDED });
    await expectOk(["import", path("a"), path("in"), "--shards", "2"]);
    await expectOk(["export", path("a"), `${path("files")}/`]);
    expect(await textsIn(path("files"))).toEqual(Object.values({ ...MESSAGES, ...UNENDED }).sort());

    await mkdir(path("maildir"));
    await expectOk(["export", path("a"), path("maildir"), "--format", "maildir"]);
    await expectOk(["import", path("b"), path("maildir"), "--keep-ids", "--sync", "--shards", "3"]);
    await expectOk(["export", path("b"), path("all.mbox")]);
    await expectOk(["import", path("c"), path("all.mbox"), "--keep-ids", "--shards", "1"]);
    await expectOk(["export", path("c"), `${path("again")}/`, "--no-sync"]);
    expect((await readdir(path("again"))).sort()).toEqual((await readdir(path("files"))).sort());
    expect(await textsIn(path("again"))).toEqual(
      Object.values({ ...MESSAGES, unended: `${UNENDED.unended}\n` }).sort(),
    );
  });

  it("stream an mbox from stdin and to stdout", async () => {
    await writeMessages(path("in"), MESSAGES);
    await expectOk(["import", path("a"), path("in")]);
    const mbox = await expectOk(["export", path("a"), "-"]);
    await expectOk(["import", path("b"), "-"], mbox);
    await expectOk(["export", path("b"), `${path("out")}/`]);
    expect(await textsIn(path("out"))).toEqual(Object.values(MESSAGES).sort());
  });

  it("print a line for each message and a summary with --json", async () => {
    await writeMessages(path("in"), MESSAGES);
    const { stdout } = await rockspool(["import", path("a"), path("in"), "--json"]);
    const records = stdout
      .toString()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const bytes = Object.values(MESSAGES).reduce((sum, text) => sum + text.length, 0);
    expect(records.pop()).toMatchObject({
      kind: "summary",
      stored: 6,
      bytes,
      failed: 0,
      stopped: false,
      interrupted: false,
    });
    expect(records).toHaveLength(6);
    for (const record of records) expect(record).toMatchObject({ kind: "stored", reached: "written" });
    const ids = (await rockspool(["ls", path("a")])).lines.map((line) => line.slice(0, 32));
    expect(records.map(({ id }) => id).sort()).toEqual(ids.sort());

    const exported = await rockspool(["export", path("a"), path("out.mbox"), "--json"]);
    expect(JSON.parse(exported.stdout.toString())).toMatchObject({ kind: "summary", written: 6, bytes, corrupt: 0 });
  });
});

describe("import", () => {
  it("reads several sources of different formats", async () => {
    await writeMessages(path("in"), { one: "A: 1\n" });
    await writeFile(path("two"), "From a\nA: 2\n\nFrom b\nA: 3\n\n");
    await writeFile(path("four"), "A: 4\n");
    const { code, stderr } = await rockspool(["import", path("a"), path("in"), path("two"), path("four")]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^4 messages stored \(20 B\)/m);
  });

  it("reports what cannot be read, counts it, stores the others, and exits with 1", async () => {
    await writeMessages(path("in"), { good: "A: 1\n" });
    await symlink(path("nowhere"), path("in/bad.eml"));
    await writeFile(path("no.mbox"), "this is no mbox\n");
    const args = ["import", path("a"), path("missing"), path("no.mbox"), path("in")];
    const { code, stderr } = await rockspool(args);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^rockspool: .*missing: ENOENT/m);
    expect(stderr).toMatch(/^rockspool: .*no\.mbox: not an mbox file/m);
    expect(stderr).toMatch(/^rockspool: .*bad\.eml: ENOENT/m);
    expect(stderr).toMatch(/^1 message stored .*; 3 failed$/m);
    const json = await rockspool([...args, "--json"]);
    expect(json.lines.map((line) => JSON.parse(line).kind).sort()).toEqual([
      "failed",
      "failed",
      "failed",
      "stored",
      "summary",
    ]);
    expect([json.code, json.stderr]).toEqual([1, ""]);
  });

  it("stores thousands of messages with three in flight", async () => {
    const mbox = Array.from({ length: 3000 }, (_, i) => `From x\nSubject: ${i}\n\n${"y".repeat(i % 300)}\n\n`).join("");
    await expectOk(["import", path("a"), "-", "--concurrency", "3"], mbox);
    expect((await rockspool(["ls", path("a")])).lines).toHaveLength(3000);
  });
});

describe("export", () => {
  it("replaces a file only with --force, and leaves no temporary file", async () => {
    await writeMessages(path("in"), MESSAGES);
    await expectOk(["import", path("a"), path("in")]);
    await writeFile(path("out.mbox"), "precious");
    const refused = await rockspool(["export", path("a"), path("out.mbox")]);
    expect([refused.code, refused.stderr]).toEqual([2, `rockspool: ${path("out.mbox")} exists: --force replaces it\n`]);
    expect(await readFile(path("out.mbox"), "utf8")).toBe("precious");
    await expectOk(["export", path("a"), path("out.mbox"), "--force"]);
    expect(await readFile(path("out.mbox"), "utf8")).toMatch(/^From [0-9a-f]{32}@rockspool /);
    expect((await readdir(path())).sort()).toEqual(["a", "in", "out.mbox"]);
  });

  it("writes only messages older than --before", async () => {
    await writeMessages(path("in"), MESSAGES);
    await expectOk(["import", path("a"), path("in")]);
    expect((await expectOk(["export", path("a"), "-", "--before", "1h"])).length).toBe(0);
    expect((await rockspool(["ls", path("a"), "--before", "1h"])).lines).toEqual([]);
    expect((await rockspool(["ls", path("a"), "--limit", "2"])).lines).toHaveLength(2);
  });
});
