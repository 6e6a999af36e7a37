import { describe, expect, it } from "vitest";
import { rockspool } from "../../test/rockspool.ts";
import { useFolder } from "../../test/use-folder.ts";

const path = useFolder();

async function fill(count: number, bytes: number): Promise<void> {
  const mbox = Array.from({ length: count }, (_, i) => `From x\nSubject: ${i}\n\n${"y".repeat(bytes)}\n\n`).join("");
  expect((await rockspool(["import", path("spool"), "-", "--shards", "2"], mbox)).code).toBe(0);
}

describe("stats", () => {
  it("prints counts, sizes, ages and the health of the shards", async () => {
    await fill(40, 1000);
    const { code, stdout } = await rockspool(["stats", path("spool")]);
    expect(code).toBe(0);
    const text = stdout.toString();
    expect(text).toMatch(/^messages {2}40$/m);
    expect(text).toMatch(/1000 B|1\.0 KiB|1014 B/);
    expect(text).toMatch(/512 B +< 1 KiB +40 +100\.0 % +█+$/m);
    expect(text).toMatch(/^p99 /m);
    expect(text).toMatch(/^ +0 +open +accepting +0 +0 +none$/m);
  });

  it("prints the same as JSON", async () => {
    await fill(40, 1000);
    const { stdout, code } = await rockspool(["stats", path("spool"), "--json"]);
    const stats = JSON.parse(stdout.toString());
    expect(code).toBe(0);
    expect(stats).toMatchObject({
      version: 1,
      shards: 2,
      complete: true,
      messages: 40,
      corrupt: 0,
      corruptEntries: [],
    });
    expect(stats.bytes).toBe(10 * "Subject: 0\n\n\n".length + 30 * "Subject: 10\n\n\n".length + 40 * 1000);
    expect(stats.sizes).toMatchObject({ min: 1013, p50: 1014, p99: 1014, max: 1014 });
    expect(stats.histogram).toEqual([{ from: 512, to: 1024, messages: 40 }]);
    expect(stats.health).toHaveLength(2);
    expect(stats.diskBytes).toBeGreaterThan(0);
    expect(Date.parse(stats.oldest)).toBeLessThanOrEqual(Date.parse(stats.newest));
  });

  it("reports an empty spool", async () => {
    await fill(0, 0);
    const { code, stdout } = await rockspool(["stats", path("spool"), "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout.toString())).toMatchObject({ messages: 0, bytes: 0, oldest: null, histogram: [] });
  });
});

describe("compact", () => {
  it("frees the space of removed messages, and prints the disk use before and after", async () => {
    await fill(400, 20_000);
    const ids = (await rockspool(["ls", path("spool")])).lines.map((line) => line.slice(0, 32));
    await rockspool(["rm", path("spool"), ...ids.slice(0, 390)]);
    const { code, stdout } = await rockspool(["compact", path("spool"), "--json"]);
    const { diskBytesBefore, diskBytesAfter } = JSON.parse(stdout.toString());
    expect(code).toBe(0);
    expect(diskBytesAfter).toBeLessThan(diskBytesBefore);
    expect((await rockspool(["ls", path("spool")])).lines).toHaveLength(10);
    expect((await rockspool(["compact", path("spool")])).stdout.toString()).toMatch(/^before .*\nafter .*\ntook .*\n$/);
  });
});

describe("demo", () => {
  it("compares every byte, prints each phase and leaves no file", async () => {
    const { code, stdout } = await rockspool(["demo", "--messages", "100", "--shards", "2", "--json"]);
    expect(code).toBe(0);
    const demo = JSON.parse(stdout.toString());
    expect(demo).toMatchObject({ ok: true, messages: 100, shards: 2, seed: 1 });
    expect(demo.phases.map(({ name, messages }: { name: string; messages: number }) => [name, messages])).toEqual([
      ["compose", 100],
      ["store, written", 50],
      ["store, synced", 50],
      ["enumerate and compare", 100],
      ["remove", 50],
      ["look for the removed", 50],
      ["compact", 50],
      ["enumerate and compare", 50],
    ]);
  });

  it("keeps the spool that it creates at --path, and refuses an existing one", async () => {
    const first = await rockspool(["demo", "--messages", "10", "--path", path("spool")]);
    expect(first.code).toBe(0);
    expect(first.stderr).toContain(`The spool is in ${path("spool")}.`);
    expect((await rockspool(["ls", path("spool")])).lines).toHaveLength(5);
    expect((await rockspool(["demo", "--messages", "10", "--path", path("spool")])).code).toBe(2);
  });
});
