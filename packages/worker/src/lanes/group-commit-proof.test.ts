import { describe, expect, it } from "vitest";
import { hex } from "../../test/fake-engine.ts";
import { DATA, diskError, openLane, PATH } from "../../test/group-commit.ts";
import { settled } from "../../test/inbox.ts";
import { isReservedKey, PROBE_KEY } from "../engine/batch-number.ts";

const KEY = hex(PROBE_KEY);

describe("a probe", () => {
  it("writes a reserved record, syncs, reads it back and removes it, one after the other", async () => {
    const { lane, engine, errors } = openLane();
    let done = false;
    const probing = lane.probe().then(() => {
      done = true;
    });
    expect(isReservedKey(PROBE_KEY)).toBe(true);
    const write = await engine.writes.next();
    const [[key, value], ...others] = write.request as [[string, string]];
    expect([key, others]).toStrictEqual([KEY, []]);
    await settled();
    expect(engine.syncs.size).toBe(0);
    write.succeed();
    const sync = await engine.syncs.next();
    await settled();
    expect(engine.gets.size).toBe(0);
    sync.succeed();
    const get = await engine.gets.next();
    expect(get.request).toBe(KEY);
    get.succeed(Buffer.from(value, "hex"));
    const remove = await engine.writes.next();
    expect(remove.request).toStrictEqual([[KEY, null]]);
    expect(done).toBe(false);
    remove.succeed();
    await probing;
    expect(errors).toStrictEqual([]);
    expect(lane.syncedNumbered.batch).toBe(0);
  });

  it("waits until the lane is idle", async () => {
    const { lane, engine, push } = openLane();
    push(1, { id: 1, data: DATA, sync: true });
    const write = await engine.writes.next();
    void lane.probe();
    write.succeed();
    const sync = await engine.syncs.next();
    await settled();
    expect(engine.writes.size).toBe(0);
    sync.succeed();
    expect((await engine.writes.next()).request[0]?.[0]).toBe(KEY);
  });

  it("has the lane to itself: neither a frame's batch nor a tick's sync goes on beside it, and both come after it", async () => {
    const { lane, engine, push, written, answer } = openLane();
    await written(1, false);
    await answer();
    const probing = lane.probe();
    const write = await engine.writes.next();
    push(2, { id: 2, data: DATA, sync: true });
    const ticking = lane.sync();
    await settled();
    expect([engine.writes.size, engine.syncs.size]).toEqual([0, 0]);
    write.succeed();
    (await engine.syncs.next()).succeed();
    const get = await engine.gets.next();
    expect([engine.writes.size, engine.syncs.size]).toEqual([0, 0]);
    get.succeed(Buffer.from((write.request as [[string, string]])[0][1], "hex"));
    (await engine.writes.next()).succeed();
    await probing;
    (await engine.writes.next()).succeed();
    (await engine.syncs.next()).succeed();
    expect((await answer()).ticket).toBe(2);
    await ticking;
  });

  const STEPS = ["write", "sync", "get", "remove"] as const;

  it.each(STEPS)("rejects with what failed, and reports nothing: %s", async (failing) => {
    const { lane, engine, errors } = openLane();
    const error = diskError("the disk is gone");
    const probing = lane.probe().catch((error: unknown) => error);
    let value = "";
    for (const step of STEPS) {
      const held = await { write: engine.writes, remove: engine.writes, sync: engine.syncs, get: engine.gets }[
        step
      ].next();
      if (step === "write") value = (held.request as [[string, string]])[0][1];
      if (step === failing) {
        held.fail(error);
        break;
      }
      held.succeed((step === "get" ? Buffer.from(value, "hex") : undefined) as never);
    }
    expect(await probing).toBe(error);
    expect(errors).toStrictEqual([]);
  });

  it.each([
    ["nothing", null],
    ["another record", Buffer.from("probe 1")],
  ])("rejects when %s is read back", async (_, found) => {
    const { lane, engine } = openLane();
    const probing = lane.probe().catch((error: unknown) => error);
    (await engine.writes.next()).succeed();
    (await engine.syncs.next()).succeed();
    (await engine.gets.next()).succeed(found);
    expect(await probing).toMatchObject({ code: "SPOOL_ENGINE", path: PATH });
  });
});
