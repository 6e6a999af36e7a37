import { Status } from "@rockspool/core";
import { describe, expect, it } from "vitest";
import { DATA, diskError, openLane } from "../../test/group-commit-fixture.ts";
import { settled } from "../../test/inbox.ts";

/** Work that ends when the test says so. */
function work() {
  let begun = false;
  let end = (_: string): void => {};
  const promise = new Promise<string>((resolve) => {
    end = resolve;
  });
  const run = (): Promise<string> => {
    begun = true;
    return promise;
  };
  return { run, end, hasBegun: () => begun };
}

describe("exclusive()", () => {
  it("runs at once in an empty lane, and resolves to what the work resolves to", async () => {
    const { lane } = openLane();
    expect(await lane.exclusive(async () => "done")).toBe("done");
    await lane.idle();
  });

  it("waits for the batch in flight, and goes before the frames that wait", async () => {
    const { lane, store, push, answer } = openLane();
    push(1, { id: 1, data: DATA });
    const first = await store.writes.next();
    push(2, { id: 2, data: DATA });
    const turn = work();
    const done = lane.exclusive(turn.run);
    await settled();
    expect(turn.hasBegun()).toBe(false);
    first.succeed();
    await settled();
    expect([(await answer()).ticket, store.writes.size]).toStrictEqual([1, 0]);
    expect(turn.hasBegun()).toBe(true);
    turn.end("moved");
    expect(await done).toBe("moved");
    (await store.writes.next()).succeed();
    expect(await answer()).toMatchObject({ ticket: 2, statuses: [Status.Written] });
  });

  it("lets a batch of the frames that wait run between two turns", async () => {
    const { lane, store, push } = openLane();
    const turns = [work(), work()] as const;
    for (const turn of turns) void lane.exclusive(turn.run);
    await settled();
    push(1, { id: 1, data: DATA });
    turns[0].end("");
    const write = await store.writes.next();
    expect(turns[1].hasBegun()).toBe(false);
    write.succeed();
    await settled();
    expect(turns[1].hasBegun()).toBe(true);
    turns[1].end("");
    await lane.idle();
  });

  it("rejects with the error of the work, which is not reported, and later frames are written", async () => {
    const { lane, store, push, answer, errors } = openLane();
    const error = diskError("the disk is gone");
    await expect(lane.exclusive(() => Promise.reject(error))).rejects.toBe(error);
    push(1, { id: 1, data: DATA });
    (await store.writes.next()).succeed();
    expect(await answer()).toMatchObject({ statuses: [Status.Written] });
    expect(errors).toStrictEqual([]);
  });

  it("runs beside a sync in flight", async () => {
    const { lane, store, written } = openLane();
    await written(1, true);
    const sync = await store.syncs.next();
    expect(await lane.exclusive(async () => "done")).toBe("done");
    sync.succeed();
    await lane.idle();
  });
});

describe("alone()", () => {
  it("waits for the sync in flight too", async () => {
    const { lane, store, written } = openLane();
    await written(1, true);
    const sync = await store.syncs.next();
    const turn = work();
    void lane.alone(turn.run);
    await settled();
    expect(turn.hasBegun()).toBe(false);
    sync.succeed();
    await settled();
    expect(turn.hasBegun()).toBe(true);
    turn.end("");
    await lane.idle();
  });

  it("a batch and a frame's sync that arrive meanwhile run after it", async () => {
    const { lane, store, push, written, answer } = openLane();
    await written(1, false);
    await answer();
    const turn = work();
    const done = lane.alone(turn.run);
    push(2, { id: 2, data: DATA, sync: true });
    await settled();
    expect([turn.hasBegun(), store.writes.size, store.syncs.size]).toStrictEqual([true, 0, 0]);
    turn.end("");
    await done;
    (await store.writes.next()).succeed();
    (await store.syncs.next()).succeed();
    expect((await answer()).ticket).toBe(2);
  });

  it("a tick's sync that begins meanwhile waits for it", async () => {
    const { lane, store, written, answer } = openLane();
    await written(1, false);
    await answer();
    const turn = work();
    const done = lane.alone(turn.run);
    await settled();
    const ticking = lane.sync();
    await settled();
    expect(store.syncs.size).toBe(0);
    turn.end("");
    await done;
    (await store.syncs.next()).succeed();
    await ticking;
  });
});
