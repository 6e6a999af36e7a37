import { once } from "node:events";
import { mkdir, readdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { finish, rockspool, start, useFolder } from "../../test/rockspool.ts";

const path = useFolder();

/** Enough that what `--json` prints of them fills a buffer, so that something is seen before the end. */
const MANY = 2000;
const mboxOf = (count: number) => Array.from({ length: count }, (_, i) => `From x\nSubject: ${i}\n\nbody\n\n`).join("");

describe("a command that is interrupted", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)(
    "import at %s stops reading, closes the spool, says what it stored and exits with %i",
    async (signal, code) => {
      const child = start(["import", path("spool"), "-", "--json"]);
      const finished = finish(child);
      child.stdin.on("error", () => {});
      // stdin stays open: without the signal it would wait for ever.
      child.stdin.write(mboxOf(MANY));
      await once(child.stdout, "data");

      // While it runs, the spool is its own.
      const second = await rockspool(["stats", path("spool")]);
      expect(second.code).toBe(1);
      expect(second.stderr).toMatch(/^rockspool: .* is open in another process/);

      child.kill(signal);
      const { code: exit, lines } = await finished;
      expect(exit).toBe(code);
      const records = lines.map((line) => JSON.parse(line));
      const summary = records.pop();
      expect(summary).toMatchObject({ kind: "summary", interrupted: true, failed: 0 });
      expect(records).toHaveLength(summary.stored);
      const ids = (await rockspool(["ls", path("spool")])).lines.map((line) => line.slice(0, 32));
      expect(ids.sort()).toEqual(records.map(({ id }) => id).sort());
    },
  );

  it("demo removes what it made", async () => {
    await mkdir(path("tmp"));
    // Enough to take many seconds, and not more room than there is.
    const child = start(["demo", "--messages", "20000"], { TMPDIR: path("tmp") });
    const finished = finish(child);
    while ((await readdir(path("tmp"))).length === 0 && child.exitCode === null) await sleep(10);
    child.kill("SIGINT");
    const { code, stderr } = await finished;
    expect(code).toBe(130);
    expect(stderr).toContain("rockspool: interrupted by SIGINT\n");
    expect(stderr).toContain("The demo's files were removed.");
    expect(await readdir(path("tmp"))).toEqual([]);
  });
});

describe("a reader of stdout that goes away", () => {
  it("ends the command quietly", async () => {
    await rockspool(["import", path("spool"), "-"], mboxOf(MANY));
    const child = start(["ls", path("spool")]);
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const exit = once(child, "exit");
    await once(child.stdout, "data");
    child.stdout.destroy();
    const [code] = await exit;
    expect([code, stderr]).toEqual([0, ""]);
    // It was closed properly: nothing holds it.
    expect((await rockspool(["ls", path("spool"), "--limit", "1"])).code).toBe(0);
  });
});
