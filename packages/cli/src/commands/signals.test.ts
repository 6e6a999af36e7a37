import { once } from "node:events";
import { mkdir, readdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { rockspool } from "../../test/rockspool.ts";
import { finish, startProcess } from "../../test/rockspool-process.ts";
import { useFolder } from "../../test/use-folder.ts";

const path = useFolder();

/** Enough that what `--json` prints of them fills the output's buffer, so that lines are seen before the end. */
const MANY = 2000;
const mboxOf = (count: number) => Array.from({ length: count }, (_, i) => `From x\nSubject: ${i}\n\nbody\n\n`).join("");

describe("a process that is interrupted", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)(
    "import at %s stops reading, closes the spool, reports what it stored and exits with %i",
    async (signal, code) => {
      const child = startProcess(["import", path("spool"), "-", "--json"]);
      const finished = finish(child);
      child.stdin.on("error", () => {});
      // stdin stays open: without the signal the import would never end.
      child.stdin.write(mboxOf(MANY));
      await once(child.stdout, "data");

      // The spool is locked for as long as the process has it open.
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

  it("demo removes its files", async () => {
    await mkdir(path("tmp"));
    // Enough to take many seconds, and not more space than there is.
    const child = startProcess(["demo", "--messages", "20000"], { TMPDIR: path("tmp") });
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

describe("a pipe whose reader closes it", () => {
  it("ends the command with exit code 0 and no error", async () => {
    await rockspool(["import", path("spool"), "-"], mboxOf(MANY));
    const child = startProcess(["ls", path("spool")]);
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const exit = once(child, "exit");
    await once(child.stdout, "data");
    child.stdout.destroy();
    const [code] = await exit;
    expect([code, stderr]).toEqual([0, ""]);
    // It closed the spool: the lock is free.
    expect((await rockspool(["ls", path("spool"), "--limit", "1"])).code).toBe(0);
  });

  it("does the same for --help", async () => {
    const child = startProcess(["--help"]);
    child.stdout.destroy();
    const { code, stderr } = await finish(child);
    expect([code, stderr]).toEqual([0, ""]);
  });
});
