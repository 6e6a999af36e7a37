import { describe, expect, it } from "vitest";
import { hex } from "../../test/fake-engine.ts";
import { DATA, diskError, openLane, PATH } from "../../test/group-commit-fixture.ts";
import { settled } from "../../test/inbox.ts";
import { isReservedKey, PROOF_KEY } from "../engine/batch-number.ts";

const KEY = hex(PROOF_KEY);

describe("prove()", () => {
  it("writes a reserved record, syncs, reads it back and removes it, one after the other", async () => {
    const { lane, engine, errors } = openLane();
    let done = false;
    const proving = lane.prove().then(() => {
      done = true;
    });
    expect(isReservedKey(PROOF_KEY)).toBe(true);
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
    await proving;
    expect(errors).toStrictEqual([]);
    expect(lane.syncedNumbered.batch).toBe(0);
  });

  it("waits until no frame is in the lane", async () => {
    const { lane, engine, push } = openLane();
    push(1, { id: 1, data: DATA, sync: true });
    const write = await engine.writes.next();
    void lane.prove();
    write.succeed();
    const sync = await engine.syncs.next();
    await settled();
    expect(engine.writes.size).toBe(0);
    sync.succeed();
    expect((await engine.writes.next()).request[0]?.[0]).toBe(KEY);
  });

  it("runs alone in the lane: a batch and a tick's sync that arrive meanwhile run after it", async () => {
    const { lane, engine, push, written, answer } = openLane();
    await written(1, false);
    await answer();
    const proving = lane.prove();
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
    await proving;
    (await engine.writes.next()).succeed();
    (await engine.syncs.next()).succeed();
    expect((await answer()).ticket).toBe(2);
    await ticking;
  });

  const STEPS = ["write", "sync", "get", "remove"] as const;

  it.each(STEPS)("rejects with the error of a failed step, and reports nothing: %s", async (failing) => {
    const { lane, engine, errors } = openLane();
    const error = diskError("the disk is gone");
    const proving = lane.prove().catch((error: unknown) => error);
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
    expect(await proving).toBe(error);
    expect(errors).toStrictEqual([]);
  });

  it.each([
    ["nothing", null],
    ["another record", Buffer.from("proof 1")],
  ])("rejects when %s is read back", async (_, found) => {
    const { lane, engine } = openLane();
    const proving = lane.prove().catch((error: unknown) => error);
    (await engine.writes.next()).succeed();
    (await engine.syncs.next()).succeed();
    (await engine.gets.next()).succeed(found);
    expect(await proving).toMatchObject({ code: "SPOOL_ENGINE", path: PATH });
  });
});
