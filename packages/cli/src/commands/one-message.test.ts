import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { rockspool } from "../../test/rockspool.ts";
import { useFolder } from "../../test/use-folder.ts";

const path = useFolder();
const ABSENT = "5f0b2e80d9a811f0a1b2c3d4e5f60708";
const BINARY = Uint8Array.from({ length: 3000 }, (_, i) => i % 256);

async function put(data: string | Uint8Array, ...options: string[]): Promise<string> {
  const { stdout, code } = await rockspool(["put", path("spool"), "--shards", "2", ...options], data);
  expect(code).toBe(0);
  return stdout.toString().split(" ")[0] as string;
}

describe("put and get", () => {
  it("keep every byte, from stdin to stdout", async () => {
    const id = await put(BINARY);
    const { stdout, stderr, code } = await rockspool(["get", path("spool"), id]);
    expect(code).toBe(0);
    expect(stderr).toBe("");
    expect(stdout.equals(BINARY)).toBe(true);
  });

  it("keep every byte, from file to file", async () => {
    await writeFile(path("in.eml"), BINARY);
    const { stdout } = await rockspool(["put", path("spool"), path("in.eml"), "--sync", "--id", ABSENT]);
    expect(stdout.toString()).toBe(`${ABSENT} synced\n`);
    const got = await rockspool(["get", path("spool"), ABSENT, "-o", path("out.eml")]);
    expect([got.code, got.stdout.length]).toEqual([0, 0]);
    expect((await readFile(path("out.eml"))).equals(BINARY)).toBe(true);
    expect((await readdir(path())).sort()).toEqual(["in.eml", "out.eml", "spool"]);
  });

  it("print JSON with --json", async () => {
    const stored = await rockspool(["put", path("spool"), "--json"], "héllo");
    const { id, ...rest } = JSON.parse(stored.stdout.toString());
    expect(rest).toEqual({ bytes: 6, reached: "written" });
    const got = JSON.parse((await rockspool(["get", path("spool"), id, "--json"])).stdout.toString());
    expect(got).toMatchObject({ id, bytes: 6, data: Buffer.from("héllo").toString("base64") });
    expect(Math.abs(Date.now() - Date.parse(got.created))).toBeLessThan(60_000);
  });

  it("distinguish an empty message from a missing one", async () => {
    const id = await put("");
    expect((await rockspool(["get", path("spool"), id])).code).toBe(0);
    const absent = await rockspool(["get", path("spool"), ABSENT]);
    expect([absent.code, absent.stderr]).toEqual([3, `rockspool: no such key ${ABSENT}\n`]);
  });
});

describe("rm", () => {
  it("removes the messages, reports the ids that are missing, and exits with 3", async () => {
    const id = await put("x");
    const first = await rockspool(["rm", path("spool"), id, ABSENT, "--json"]);
    expect(first.code).toBe(3);
    expect(JSON.parse(first.stdout.toString())).toEqual({ removed: [id], missing: [ABSENT] });
    expect(JSON.parse(first.stderr)).toEqual({ error: { code: "SPOOL_NOT_FOUND", message: `no such key ${ABSENT}` } });
    expect((await rockspool(["ls", path("spool")])).lines).toEqual([]);
    expect((await rockspool(["rm", path("spool"), id, "--force"])).code).toBe(0);
  });

  it("removes nothing if one of the ids is malformed", async () => {
    const id = await put("x");
    expect((await rockspool(["rm", path("spool"), id, "nonsense"])).code).toBe(2);
    expect((await rockspool(["ls", path("spool")])).lines).toHaveLength(1);
  });
});

describe("a missing spool", () => {
  const commands = (spool: string) => [
    ["stats", spool],
    ["ls", spool],
    ["get", spool, ABSENT],
    ["export", spool, path("out.mbox")],
    ["rm", spool, ABSENT],
    ["compact", spool],
  ];

  it("is not created by a command that only reads", async () => {
    await mkdir(path("empty"));
    for (const spool of [path("none"), path("empty")]) {
      const all = commands(spool);
      const finished = await Promise.all(all.map((args) => rockspool(args)));
      expect(finished.map(({ code, stderr, stdout }) => [code, stderr, stdout.length])).toEqual(
        all.map(() => [3, `rockspool: no spool in ${spool}: it holds no rockspool.json\n`, 0]),
      );
    }
    await expect(stat(path("none"))).rejects.toThrow("ENOENT");
    expect(await readdir(path())).toEqual(["empty"]);
    expect(await readdir(path("empty"))).toEqual([]);
  });
});

describe("wrong usage", () => {
  it.each([
    [["nonsense"], "unknown command 'nonsense'"],
    [["put"], "missing required argument 'spool'"],
    [["ls", "x", "--limit", "many"], "It must be a whole number"],
    [["ls", "x", "--before", "yesterday"], "It must be a date"],
    [["import", "x", "y", "--format", "pst"], "Allowed choices are mbox, maildir, eml"],
    [["get", "x", "12"], "must be 32 hex digits"],
    [["put", "x", "--shards", "0"], "It must be a whole number from 1 to 256"],
  ])("%j gives one line on stderr and exit code 2", async (args, message) => {
    const { code, stderr, stdout } = await rockspool(args);
    expect(stderr).toMatch(/^rockspool: .*\n$/);
    expect(stderr).toContain(message);
    expect([code, stdout.length]).toEqual([2, 0]);
  });

  it("gives one line of JSON with --json", async () => {
    const { code, stderr } = await rockspool(["ls", "--json"]);
    expect(code).toBe(2);
    expect(JSON.parse(stderr)).toEqual({ error: { code: "USAGE", message: "missing required argument 'spool'" } });
  });

  it("of --shards is reported with the number of shards that the spool has", async () => {
    await put("x");
    const { code, stderr } = await rockspool(["put", path("spool"), "--shards", "3"], "y");
    expect(code).toBe(2);
    expect(stderr).toMatch(/^rockspool: shards is 3: .*2.*\n$/);
  });

  it("prints a stack with --debug, and only then", async () => {
    const { stderr } = await rockspool(["ls", path("none"), "--debug"]);
    expect(stderr).toMatch(/\n {4}at /);
  });
});

/** In the order of the help. */
const COMMANDS = "import export ls get put rm stats compact verify salvage accept-loss reshard demo".split(" ");

describe("--help", () => {
  it("lists every command", async () => {
    const { code, stdout } = await rockspool(["--help"]);
    expect(code).toBe(0);
    const listed = [...stdout.toString().matchAll(/^ {2}([a-z-]+) .*[<[]/gm)].map(([, name]) => name);
    expect(listed).toEqual([...COMMANDS, "help"]);
  });

  it.each([...COMMANDS])("of %s has an example and the exit codes", async (command) => {
    const { code, stdout } = await rockspool([command, "--help"]);
    expect(code).toBe(0);
    expect(stdout.toString()).toMatch(new RegExp(`\\$ .*rockspool ${command}`));
    expect(stdout.toString()).toContain("Exit codes: 0 done");
  });
});
