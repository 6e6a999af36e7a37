import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SpoolLockedError } from "@rockspool/core";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { DirectoryLock } from "./directory-lock.ts";

let path: string;

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), "rockspool-lock-"));
  const made = path;
  return () => rm(made, { recursive: true, force: true });
});

/** Another process that takes the lock and keeps it. `said` is its first line: "taken", or the error's code. */
async function takeInChild(): Promise<{ child: ChildProcess; said: string }> {
  const module = new URL("../../dist/directory/directory-lock.js", import.meta.url).href;
  const script = `
    import { DirectoryLock } from ${JSON.stringify(module)};
    DirectoryLock.take(${JSON.stringify(path)}).then(
      () => { console.log("taken"); setInterval(() => {}, 60_000); },
      (error) => console.log(error.code),
    );`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  child.stdout.setEncoding("utf8");
  const [said] = await once(child.stdout, "data");
  return { child, said: String(said).trim() };
}

describe("a directory's lock", () => {
  it("is refused to a second taker of the same process, until it is released", async () => {
    const lock = await DirectoryLock.take(path);
    const refused = await DirectoryLock.take(path).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(SpoolLockedError);
    expect(refused).toMatchObject({ code: "SPOOL_LOCKED", path, message: expect.stringContaining(path) });
    await expect(DirectoryLock.take(path), "a refusal does not release the lock").rejects.toThrow(SpoolLockedError);
    await lock.release();
    await (await DirectoryLock.take(path)).release();
  });

  it("is given to exactly one of many that take it at once", async () => {
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => DirectoryLock.take(path)));
    const taken = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    expect(taken).toHaveLength(1);
    await taken[0]?.release();
  });

  it("is refused while another process has it, and free once that process is killed", async () => {
    const { child, said } = await takeInChild();
    expect(said).toBe("taken");
    await expect(DirectoryLock.take(path)).rejects.toThrow(SpoolLockedError);
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    expect(await exit).toEqual([null, "SIGKILL"]);
    await (await DirectoryLock.take(path)).release();
  });

  it("is refused to another process until it is released", async () => {
    const lock = await DirectoryLock.take(path);
    expect((await takeInChild()).said).toBe("SPOOL_LOCKED");
    await lock.release();
    expect((await takeInChild()).said).toBe("taken");
  });

  it("of one directory does not lock another", async () => {
    const other = await mkdtemp(join(tmpdir(), "rockspool-lock-"));
    onTestFinished(() => rm(other, { recursive: true, force: true }));
    const locks = await Promise.all([path, other].map((each) => DirectoryLock.take(each)));
    for (const lock of locks) await lock.release();
  });

  it.runIf(process.platform === "linux")("leaks no descriptor if it is refused", async () => {
    const lock = await DirectoryLock.take(path);
    const open = async (): Promise<number> => (await readdir("/proc/self/fd")).length;
    const before = await open();
    for (let i = 0; i < 20; i++) await DirectoryLock.take(path).catch(() => {});
    expect(await open()).toBeLessThan(before + 10);
    await lock.release();
  });

  it("in a missing directory is refused with a SpoolEngineError of kind io", async () => {
    await expect(DirectoryLock.take(join(path, "missing"))).rejects.toMatchObject({
      code: "SPOOL_ENGINE",
      kind: "io",
      path: join(path, "missing"),
      cause: { code: "ENOENT" },
    });
  });
});
