import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createStatusMemory, SpoolId } from "@rockspool/core";
import { resolveOptions } from "@rockspool/core/options";
import { engineUrls } from "@rockspool/worker";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { clientOperations } from "../../test/client-operations.ts";
import type { WriteOperation } from "../operations/write-operation.ts";
import { ShardThreads } from "../threads/shard-threads.ts";
import { ShardClient } from "./shard-client.ts";

const CORE = import.meta.resolve("@rockspool/core");
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 30_000;

/**
 * One open shard whose thread obeys the text of a stored message: it exits with a code, throws, rejects, or exits after
 * it has sent its answer. `reopening` is code that the engine runs before it is opened again.
 */
async function openShard(reopening = "") {
  const directory = await mkdtemp(join(tmpdir(), "rockspool-death-"));
  const flag = join(directory, "answered");
  const module = join(directory, "engine.mjs");
  const source = `
    import { existsSync, readFileSync, writeFileSync } from "node:fs";
    import { SpoolEngineError, SpoolLockedError } from ${JSON.stringify(CORE)};
    import { openEngine as open } from ${JSON.stringify(engineUrls.memory.href)};
    /** How many times it was called before, in all threads of the test. */
    const times = (file = ${JSON.stringify(join(directory, "times"))}) => {
      const before = existsSync(file) ? Number(readFileSync(file)) : 0;
      writeFileSync(file, String(before + 1));
      return before;
    };
    export async function openEngine(path, options) {
      if (options.mode === "existing") { ${reopening} }
      const engine = await open(path, options);
      // Writes must survive the thread's death, as those that the operating system has.
      if (options.mode === "create") await engine.sync();
      const write = engine.write.bind(engine);
      engine.write = async (fill) => {
        const texts = [];
        fill({ put: (_, value) => texts.push(Buffer.from(value).toString("utf8", 1)), remove() {} });
        for (const text of texts) {
          const [does, code] = text.split(" ");
          if (does === "exit") process.exit(Number(code));
          const fail = () => { throw new Error("thrown in the thread"); };
          if (does === "throw") await new Promise(() => setImmediate(fail));
          if (does === "reject") await new Promise(() => void Promise.reject(new Error("rejected in the thread")));
        }
        await write(fill);
        await engine.sync();
        const end = () => { writeFileSync(${JSON.stringify(flag)}, ""); process.exit(0); };
        if (texts.includes("answer")) setTimeout(end);
      };
      return engine;
    }`;
  await writeFile(module, source);
  const path = join(directory, "shard-000");
  const errors: { fields: { restarts?: number }; message: string }[] = [];
  const nothing = (): void => {};
  const error = (fields: object, message: string): void => void errors.push({ fields, message });
  const threads = new ShardThreads(1);
  const { params } = resolveOptions({ path }, { zstdAvailable: false });
  const task = {
    index: 0,
    path,
    markPath: `${path}.mark`,
    layoutPath: join(directory, "rockspool.json"),
    fresh: true,
    params,
    fullSync: false,
    monitorIntervalMs: 60_000,
    status: createStatusMemory(1),
    engine: pathToFileURL(module).href,
  };
  const client = new ShardClient(task, threads, { debug: nothing, info: nothing, warn: nothing, error });
  onTestFinished(async () => {
    await client.close().catch(() => {});
    await threads.end();
    await rm(directory, { recursive: true, force: true });
  });
  await client.open();
  client.made();
  return { client, errors, flag, ...clientOperations(client, { sync: false }) };
}

/**
 * The pauses before restarts, as the client asks for them, and their timers. `instead` gives the real length of each.
 */
function watchPauses(instead = (ms: number): number => ms, timers: NodeJS.Timeout[] = []): number[] {
  const pauses: number[] = [];
  const real = globalThis.setTimeout;
  vi.spyOn(globalThis, "setTimeout").mockImplementation(((run: () => void, ms = 0) => {
    const doubled = ms >= FIRST_PAUSE_MS && Number.isInteger(Math.log2(ms / FIRST_PAUSE_MS));
    const isPause = doubled || ms === MAX_PAUSE_MS;
    const timer = real(run, isPause ? instead(ms) : ms);
    if (isPause) {
      pauses.push(ms);
      timers.push(timer);
    }
    return timer;
  }) as typeof setTimeout);
  return pauses;
}

const ways: [string, string][] = [
  ["exit 0", "exited"],
  ["exit 3", "exited"],
  ["throw", "thrown in the thread"],
  ["reject", "rejected in the thread"],
];

describe("a shard whose thread dies", () => {
  it.each(ways)("(%s) is served again, with all its messages", async (way, why) => {
    const { client, errors, store, load } = await openShard();
    const id = SpoolId.generate().bytes;
    expect(await store("kept", id).promise).toBe("written");
    const last = store(way);
    await expect(last.promise).rejects.toMatchObject({ code: "SPOOL_SHARD_LOST", shard: 0, outcome: "unknown" });
    expect([client.state, client.restarts, client.gate.latched]).toEqual(["restarting", 1, false]);
    expect(errors).toMatchObject([
      { fields: { shard: 0, restarts: 1, err: { message: expect.stringContaining(why) } } },
    ]);
    expect(Buffer.from(await load(id).promise).toString()).toBe("kept");
    expect(await store("after").promise).toBe("written");
    expect([client.state, client.restarts, client.failure]).toEqual(["open", 1, null]);
  });

  it("rejects sent writes as unknown, and the others as not written", async () => {
    const { store, load } = await openShard();
    const sent = [store("exit 1"), store("with it")];
    await Promise.resolve();
    const waiting = [store("next frame"), store("that too")];
    const loads = [load(SpoolId.generate().bytes)];
    expect([...sent, ...waiting].map((operation) => operation.sent)).toEqual([true, true, false, false]);
    const outcomes = async (writes: WriteOperation[]): Promise<unknown[]> =>
      (await Promise.allSettled(writes.map(({ promise }) => promise))).map((result) =>
        result.status === "rejected" ? result.reason.outcome : result.value,
      );
    expect(await outcomes(sent)).toEqual(["unknown", "unknown"]);
    expect(await outcomes(waiting)).toEqual(["not-written", "not-written"]);
    const [read] = await Promise.allSettled(loads.map(({ promise }) => promise));
    // The thread may have answered the load before it died.
    if (read?.status === "rejected") expect(["SPOOL_SHARD_LOST", "SPOOL_NOT_FOUND"]).toContain(read.reason.code);
  });

  it("has answered a write even if the answer and the death are seen in the same turn", async () => {
    const { client, flag, store } = await openShard();
    const answered = store("answer");
    await Promise.resolve();
    // Blocks this thread until the other one has ended.
    while (!existsSync(flag));
    expect(await answered.promise).toBe("written");
    await expect.poll(() => client.restarts).toBe(1);
  });

  it("repeatedly is served again after a pause that doubles", async () => {
    const pauses = watchPauses((ms) => ms / 10);
    const { client, store } = await openShard();
    for (let death = 1; death <= 4; death++) {
      await expect(store("exit 1").promise).rejects.toMatchObject({ outcome: "unknown" });
      await client.link();
      expect([client.state, client.restarts]).toEqual(["open", death]);
    }
    expect(pauses).toEqual([100, 200, 400, 800]);
    expect(await store("after all").promise).toBe("written");
  });

  it("after a quiet minute is served again after the first pause", async () => {
    const pauses = watchPauses((ms) => ms / 10);
    const { client, store } = await openShard();
    const now = vi.spyOn(Date, "now");
    for (const quietMs of [0, 60_000, 60_001]) {
      const start = performance.timeOrigin + performance.now();
      now.mockImplementation(() => start);
      await client.reopen();
      now.mockImplementation(() => start + quietMs);
      await expect(store("exit 1").promise).rejects.toMatchObject({ outcome: "unknown" });
      await client.link();
    }
    expect(pauses).toEqual([100, 200, 100]);
  });
});

describe("a shard whose reopening fails after a death", () => {
  it("is tried again if the new thread dies, and serves the operations that waited", async () => {
    const pauses = watchPauses((ms) => ms / 10);
    const { client, store } = await openShard("if (times() < 2) process.exit(0);");
    await expect(store("exit 1").promise).rejects.toMatchObject({ outcome: "unknown" });
    const [link, waits] = [client.link(), store("meanwhile")];
    expect(await waits.promise).toBe("written");
    await (await link).call((control) => control.compact());
    expect(pauses).toEqual([100, 200, 400]);
    expect(client.gate.latched).toBe(false);
  });

  it("is tried again while the dead thread still holds RocksDB's lock", async () => {
    watchPauses((ms) => ms / 10);
    const { client, store } = await openShard("if (times() < 3) throw new SpoolLockedError(path);");
    await expect(store("exit 1").promise).rejects.toMatchObject({ outcome: "unknown" });
    await client.link();
    expect([client.state, client.failure]).toEqual(["open", null]);
  });

  it("is down after ten attempts if the lock stays held; no pause is longer than 30 s", async () => {
    const pauses = watchPauses(() => 1);
    const { client, store } = await openShard("throw new SpoolLockedError(path);");
    await expect(store("exit 1").promise).rejects.toMatchObject({ outcome: "unknown" });
    await expect(client.link()).rejects.toMatchObject({ code: "SPOOL_LOCKED" });
    expect(client.state).toBe("down");
    expect(pauses).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, MAX_PAUSE_MS]);
  });

  it("is down if its engine fails, and refuses the operations that waited", async () => {
    watchPauses((ms) => ms / 10);
    const { client, store, load } = await openShard(
      'throw new SpoolEngineError("bad table", { kind: "corruption", path });',
    );
    await expect(store("exit 1").promise).rejects.toMatchObject({ outcome: "unknown" });
    const [write, read, link] = [store("waits"), load(SpoolId.generate().bytes), client.link()];
    await expect(link).rejects.toMatchObject({ code: "SPOOL_ENGINE", kind: "corruption", message: "bad table" });
    await expect(write.promise).rejects.toMatchObject({ code: "SPOOL_UNHEALTHY", outcome: "not-written" });
    await expect(read.promise).rejects.toBe(client.failure);
    expect([client.state, client.restarts, client.gate.latched]).toEqual(["down", 1, true]);
  });
});

describe("closing a shard that is restarting", () => {
  it("ends the pause at once, leaves no timer, and refuses the operations that waited", async () => {
    const timers: NodeJS.Timeout[] = [];
    watchPauses(() => 3_600_000, timers);
    const cleared = vi.spyOn(globalThis, "clearTimeout");
    const { client, store, load } = await openShard();
    await expect(store("exit 1").promise).rejects.toMatchObject({ outcome: "unknown" });
    const [write, read, link] = [store("waits"), load(SpoolId.generate().bytes), client.link()];
    expect(timers).toHaveLength(1);
    await client.close();
    expect(cleared).toHaveBeenCalledWith(timers[0]);
    await expect(link).rejects.toMatchObject({ code: "SPOOL_CLOSED" });
    await expect(write.promise).rejects.toMatchObject({ code: "SPOOL_CLOSED", outcome: "not-written" });
    await expect(read.promise).rejects.toMatchObject({ code: "SPOOL_CLOSED" });
    expect([client.state, client.restarts]).toEqual(["closed", 1]);
  });

  it("does not wait for another attempt when the one in progress fails", async () => {
    watchPauses((ms) => (ms === FIRST_PAUSE_MS ? 1 : 3_600_000));
    const { client, store } = await openShard(`
      while (!existsSync(path + ".go")) await new Promise((resolve) => setTimeout(resolve, 5));
      throw new SpoolLockedError(path);`);
    await expect(store("exit 1").promise).rejects.toMatchObject({ outcome: "unknown" });
    await expect.poll(() => client.state).toBe("opening");
    const closing = client.close();
    await writeFile(`${client.path}.go`, "");
    await closing;
    expect([client.state, client.closed]).toEqual(["closed", true]);
  });
});
