import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { rockspool, start } from "../../test/rockspool.ts";
import { useFolder } from "../../test/use-folder.ts";

const path = useFolder();

async function fill(count: number): Promise<void> {
  const mbox = Array.from({ length: count }, (_, i) => `From x\nSubject: ${i}\n\n${"y".repeat(1000)}\n\n`).join("");
  expect((await rockspool(["import", path("spool"), "-", "--shards", "2"], mbox)).code).toBe(0);
}

/** Every file with its size and times, which a write would change. */
async function filesOf(folder: string): Promise<string[]> {
  const names = (await readdir(folder, { recursive: true })).sort();
  return Promise.all(
    names.map(async (name) => {
      const { size, mtimeMs, ctimeMs } = await stat(join(folder, name));
      return `${name} ${size} ${mtimeMs} ${ctimeMs}`;
    }),
  );
}

async function idsIn(folder: string): Promise<string[]> {
  return (await rockspool(["ls", folder])).lines.map((line) => line.slice(0, 32)).sort();
}

describe("the commands that only read", () => {
  it("change no file of the spool, nor its times", async () => {
    await fill(20);
    for (const damage of [async () => {}, () => rm(path("spool/shard-000/CURRENT"))]) {
      await damage();
      const before = await filesOf(path("spool"));
      await rockspool(["verify", path("spool")]);
      await rockspool(["export", path("spool"), path("all.rockspool"), "--force"]);
      await rockspool(["salvage", path("spool"), path("salvaged")]);
      await rockspool(["reshard", path("spool"), path("resharded"), "--shards", "3"]);
      await rockspool(["accept-loss", path("spool"), "--shard", "0"]);
      expect(await filesOf(path("spool"))).toEqual(before);
      for (const made of ["salvaged", "resharded"]) await rm(path(made), { recursive: true, force: true });
    }
  });

  it("exit with 3 where there is no spool, and create none", async () => {
    for (const args of [["verify"], ["salvage"], ["reshard"], ["accept-loss"]]) {
      const more = { salvage: [path("b")], reshard: [path("b"), "--shards", "2"], "accept-loss": ["--shard", "0"] };
      const rest = more[args[0] as keyof typeof more] ?? [];
      expect((await rockspool([...args, path("spool"), ...rest])).code).toBe(3);
    }
    expect(await readdir(path())).toEqual([]);
  });
});

describe("verify", () => {
  it("exits with 0 only if nothing is damaged or lost, and reports what is", async () => {
    await fill(20);
    const well = await rockspool(["verify", path("spool")]);
    expect([well.code, well.lines.at(-1)]).toEqual([0, expect.stringMatching(/^all is well: 20 messages, /)]);
    await rm(path("spool/shard-001.mark"));
    const not = await rockspool(["verify", path("spool"), "--json"]);
    expect(not.code).toBe(1);
    expect(JSON.parse(not.stdout.toString())).toMatchObject({
      ok: false,
      layoutError: null,
      messages: 20,
      shards: [
        { index: 0, state: "sound", reason: null, corrupt: [] },
        { index: 1, state: "loss", reason: expect.stringContaining("mark"), corrupt: [] },
      ],
    });
    await rm(path("spool/rockspool.json"));
    expect((await rockspool(["verify", path("spool")])).stdout.toString()).toMatch(/^rockspool\.json is missing$/m);
  });
});

describe("accept-loss", () => {
  it("reports the loss, changes nothing without --yes, and with it lets the shard accept writes", async () => {
    await fill(20);
    const args = ["accept-loss", path("spool"), "--shard", "1"];
    expect((await rockspool(args)).stdout.toString()).toBe("shard 1 has lost nothing\n");
    await rm(path("spool/shard-001.mark"));
    const told = await rockspool(args);
    expect([told.code, told.stdout.toString()]).toEqual([
      1,
      expect.stringMatching(/^shard 1: the mark .* is missing$/m),
    ]);
    expect((await rockspool(["stats", path("spool")])).code).toBe(1);
    const { code, stdout } = await rockspool([...args, "--yes", "--json"]);
    expect([code, JSON.parse(stdout.toString())]).toEqual([0, expect.objectContaining({ lost: true, accepted: true })]);
    expect((await rockspool(["stats", path("spool")])).code).toBe(0);
  });
});

describe("salvage", () => {
  it("lists the doubtful messages, as lines and as JSON", async () => {
    await fill(20);
    const ids = await idsIn(path("spool"));
    await rm(path("spool/shard-000/CURRENT"));
    const { code, lines } = await rockspool(["salvage", path("spool"), path("new"), "--json"]);
    const records = lines.map((line) => JSON.parse(line));
    const summary = records.pop();
    expect(code).toBe(1);
    expect(summary).toMatchObject({
      kind: "summary",
      complete: false,
      messages: 20,
      lost: 0,
      doubtful: records.length,
    });
    const doubtful = records.map(({ id }) => id).sort();
    expect(doubtful.length).toBeGreaterThan(0);
    expect(ids).toEqual(expect.arrayContaining(doubtful));
    expect(await idsIn(path("new"))).toEqual(ids);
    const text = await rockspool(["salvage", path("spool"), path("other")]);
    expect(
      text.lines
        .filter((line) => line.startsWith("doubtful "))
        .map((line) => line.slice(10))
        .sort(),
    ).toEqual(doubtful);
  });
});

describe("reshard", () => {
  it("interrupted, exits with 130 and leaves no spool; run again, it completes", async () => {
    // Enough messages that it is interrupted before it ends.
    await fill(10_000);
    const args = ["reshard", path("spool"), path("new"), "--shards", "3"];
    const command = start(args);
    // The copy has begun.
    await expect.poll(() => readdir(path())).toContain("new.unfinished");
    command.signal("SIGINT");
    expect((await command.finished).code).toBe(130);
    expect(await readdir(path())).not.toContain("new");

    const { code, stderr } = await rockspool(args);
    expect([code, stderr]).toEqual([0, expect.stringContaining("10,000 messages copied to 3 shards and compared")]);
    expect((await readdir(path())).sort()).toEqual(["new", "spool"]);
    expect(await idsIn(path("new"))).toEqual(await idsIn(path("spool")));
    expect((await rockspool(["verify", path("new")])).code).toBe(0);
    expect((await rockspool(args)).code).toBe(2);
  });

  it("rejects a spool that is not sound", async () => {
    await fill(20);
    await rm(path("spool/shard-000.mark"));
    const { code, stderr } = await rockspool(["reshard", path("spool"), path("new"), "--shards", "3"]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/shard 0 is not sound: the mark .* salvage/)]);
    expect(await readdir(path())).not.toContain("new");
  });
});
