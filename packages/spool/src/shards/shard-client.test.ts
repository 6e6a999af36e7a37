import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStatusMemory, type Logger, SpoolClosedError, SpoolEngineError, SpoolId } from "@rockspool/core";
import { resolveOptions } from "@rockspool/core/options";
import { createFaultMemory, engineUrls, type FaultEngineData, FaultMemory } from "@rockspool/worker";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { clientOperations } from "../../test/client-operations.ts";
import { ShardFaults } from "../testing/shard-faults.ts";
import { ShardThreads } from "../threads/shard-threads.ts";
import { ShardClient } from "./shard-client.ts";

/** The error of a broken engine. */
const BROKEN = { kind: "io", message: "the disk is gone" } as const;
/** An engine that loses every write without an error, which no fault can do. */
const FORGETFUL = `data:text/javascript,${encodeURIComponent(`
  import { openEngine as open } from ${JSON.stringify(engineUrls.memory.href)};
  export const openEngine = async (...given) => Object.assign(await open(...given), { get: async () => null });
`)}`;

/** One shard with a thread, not open yet. Its engine has faults, unless another engine is given. */
async function makeShard(engine = engineUrls.fault.href) {
  const directory = await mkdtemp(join(tmpdir(), "rockspool-shard-"));
  const path = join(directory, "shard-000");
  /** All log lines but those at level info. */
  const log: { level: string; fields: object; message: string }[] = [];
  const note =
    (level: string) =>
    (fields: object, message: string): void => {
      if (level !== "info") log.push({ level, fields, message });
    };
  const logger: Logger = { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") };
  const memory = createFaultMemory(1);
  const faults = new ShardFaults(0, new FaultMemory(memory, 0), () => expect.fail("there is no spool"));
  const workerData: FaultEngineData = { engine: engineUrls.memory.href, memory };
  const threads = new ShardThreads(1, workerData);
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
    engine,
  };
  const client = new ShardClient(task, threads, logger);
  onTestFinished(async () => {
    faults.release();
    await client.close().catch(() => {});
    await threads.end();
    await rm(directory, { recursive: true, force: true });
  });
  return { client, faults, path, markPath: task.markPath, log, threads, ...clientOperations(client, { sync: true }) };
}

/** Resolves in the turn in which the shard is closed in order to be opened again. */
function closedToReopen(client: ShardClient): Promise<void> {
  return new Promise((resolve) => {
    vi.spyOn(client.events, "down").mockImplementation(() => resolve());
  });
}

describe("a shard that opens", () => {
  it("takes the operations and the calls that waited for it", async () => {
    const { client, store, load } = await makeShard();
    const id = SpoolId.generate().bytes;
    const early = store("early", id);
    const link = client.link();
    expect(client.state).toBe("opening");
    await client.open();
    expect([client.state, client.failure, client.loss]).toEqual(["open", null, null]);
    expect(await early.promise).toBe("synced");
    expect(await (await link).call((control) => control.adviseLowMemory())).toBe(0);
    expect(Buffer.from(await load(id).promise).toString()).toBe("early");
  });

  it("and fails is down and latched, says why, and refuses writes, loads and calls", async () => {
    const { client, faults, log, store, load } = await makeShard();
    faults.fail("open", { ...BROKEN, kind: "corruption" });
    const [write, read, link] = [store("early"), load(SpoolId.generate().bytes), client.link()];
    link.catch(() => {});
    await client.open();
    expect(client.state).toBe("down");
    expect(client.failure).toMatchObject({ code: "SPOOL_ENGINE", kind: "corruption", message: "the disk is gone" });
    expect([client.gate.latched, client.gate.latchedFor?.reason]).toEqual([true, "cannot be opened: the disk is gone"]);
    await expect(write.promise).rejects.toMatchObject({ code: "SPOOL_UNHEALTHY", outcome: "not-written" });
    await expect(read.promise).rejects.toBe(client.failure);
    await expect(link).rejects.toBe(client.failure);
    await expect(client.link()).rejects.toBe(client.failure);
    expect(log).toMatchObject([{ level: "error", fields: { shard: 0, err: client.failure } }]);
  });

  it.each([
    ["exits with 0", (faults) => faults.exitAt("open", { exitCode: 0 })],
    ["exits with 3", (faults) => faults.exitAt("open", { exitCode: 3 })],
    ["throws an uncaught error", (faults) => faults.throwAt("open")],
  ] as [string, (faults: ShardFaults) => unknown][])("is down if its thread %s", async (_how, set) => {
    const { client, faults } = await makeShard();
    set(faults);
    await client.open();
    expect([client.state, client.restarts, client.gate.latched]).toEqual(["down", 0, true]);
    expect(client.failure).toBeInstanceOf(SpoolEngineError);
    await expect(client.link()).rejects.toBe(client.failure);
  });

  it("is down if its engine cannot be loaded", async () => {
    const { client } = await makeShard("data:text/javascript,this is no JavaScript");
    await client.open();
    expect([client.state, client.failure?.message]).toEqual(["down", expect.stringContaining("Unexpected")]);
  });
});

describe("a shard with a loss", () => {
  it("is down if everything is missing, and says so", async () => {
    const { client } = await makeShard();
    client.made();
    await client.open();
    expect(client.state).toBe("down");
    expect(client.failure).toMatchObject({ kind: "io", message: "the shard's directory is missing" });
    expect(client.loss).toEqual({ reason: "the shard's directory is missing", missing: null });
  });

  it("is read-only and latched if a part is missing; it refuses the waiting writes and serves the loads", async () => {
    const { client, store, load, markPath } = await makeShard();
    await client.open();
    const id = SpoolId.generate().bytes;
    await store("kept", id).promise;
    client.made();
    await client.reopen();
    expect(client.state).toBe("open");
    await rm(markPath);
    const reopened = client.reopen();
    const [write, read] = [store("refused"), load(id)];
    await reopened;
    expect([client.state, client.failure, client.gate.latched]).toEqual(["read-only", null, true]);
    expect(client.loss).toEqual({ reason: `the mark ${markPath} is missing`, missing: null });
    await expect(write.promise).rejects.toMatchObject({ code: "SPOOL_UNHEALTHY", outcome: "not-written" });
    expect(Buffer.from(await read.promise).toString()).toBe("kept");
  });
});

describe("a shard's log lines", () => {
  it("arrive with level and fields, as that of an error that latches the gate", async () => {
    const { client, faults, log, store } = await makeShard();
    faults.fail("write", BROKEN);
    await client.open();
    await expect(store("lost").promise).rejects.toMatchObject({ kind: "io", outcome: "unknown" });
    await expect.poll(() => log).toHaveLength(1);
    expect(log[0]).toMatchObject({ level: "error", fields: { shard: 0, kind: "io" } });
    expect(log[0]?.message).toContain("the disk is gone");
    expect(client.gate.latched).toBe(true);
  });
});

describe("closing a shard", () => {
  it("answers what was sent, refuses later calls, and cannot be undone", async () => {
    const { client, store, threads } = await makeShard();
    await client.open();
    const last = store("last");
    await Promise.resolve();
    await client.close();
    expect(await last.promise).toBe("synced");
    expect(client.state).toBe("closed");
    await expect(client.link()).rejects.toThrow(SpoolClosedError);
    await client.close();
    await client.reopen();
    expect([client.state, client.restarts, threads.workers.length]).toEqual(["closed", 0, 1]);
  });

  it("waits for it to open first", async () => {
    const { client } = await makeShard();
    const opened = client.open();
    await client.close();
    await opened;
    expect([client.state, client.gate.latched]).toEqual(["closed", false]);
  });

  it("of a shard that is down succeeds", async () => {
    const { client, faults } = await makeShard();
    faults.fail("open", BROKEN);
    await client.open();
    await client.close();
    expect(client.state).toBe("closed");
  });

  it.each([
    ["cannot be written out", (faults) => faults.fail("flush", BROKEN), "the disk is gone"],
    ["ends its thread", (faults) => faults.exitAt("close", { exitCode: 0 }), "exited"],
  ] as [string, (faults: ShardFaults) => unknown, string][])(
    "of a shard that %s rejects, and the shard is closed nevertheless",
    async (_what, set, why) => {
      const { client, faults, log } = await makeShard();
      set(faults);
      await client.open();
      await expect(client.close()).rejects.toThrow(why);
      expect([client.state, client.restarts, log]).toEqual(["closed", 0, []]);
    },
  );
});

describe("a shard that is asked for a proof", () => {
  it("stays open if it works", async () => {
    const { client, threads } = await makeShard();
    await client.open();
    const [thread] = threads.workers;
    await client.prove();
    expect([client.state, client.restarts]).toEqual(["open", 0]);
    expect(threads.workers).toEqual([thread]);
  });

  it("is reopened if it takes no writes; new operations wait meanwhile", async () => {
    const { client, faults, store } = await makeShard();
    faults.fail("write", { ...BROKEN, times: 1 });
    await client.open();
    const reopening = closedToReopen(client);
    const proved = client.prove();
    await reopening;
    expect(client.state).toBe("restarting");
    const waits = store("meanwhile");
    await proved;
    expect(await waits.promise).toBe("synced");
    expect([client.state, client.restarts, client.failure]).toEqual(["open", 0, null]);
  });

  it("is reopened if it was down, and then it is open", async () => {
    const { client, faults } = await makeShard();
    faults.fail("open", { ...BROKEN, times: 1 });
    await client.open();
    expect(client.state).toBe("down");
    await client.prove();
    expect([client.state, client.failure]).toEqual(["open", null]);
  });

  it("rejects with the engine's error if it does not work", async () => {
    const broken = await makeShard();
    broken.faults.fail("write", BROKEN);
    await broken.client.open();
    await expect(broken.client.prove()).rejects.toMatchObject({ code: "SPOOL_ENGINE", message: "the disk is gone" });
    expect(broken.client.state).toBe("open");
    const forgetful = await makeShard(FORGETFUL);
    await forgetful.client.open();
    await expect(forgetful.client.prove()).rejects.toThrow("not read back");
  });

  it("rejects if it is closed meanwhile", async () => {
    const { client, faults } = await makeShard();
    faults.fail("write", BROKEN);
    await client.open();
    const reopening = closedToReopen(client);
    const proved = client.prove();
    proved.catch(() => {});
    await reopening;
    expect(client.state).toBe("restarting");
    await client.close();
    await expect(proved).rejects.toThrow(SpoolClosedError);
    expect(client.state).toBe("closed");
  });
});
