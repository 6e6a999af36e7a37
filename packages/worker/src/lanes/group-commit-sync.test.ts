import { Status } from "@rockspool/core";
import { describe, expect, it } from "vitest";
import { DATA, diskError, openLane, PATH } from "../../test/group-commit-fixture.ts";
import { microtasks, settled } from "../../test/inbox.ts";

describe("frames that want a sync", () => {
  it("are answered only after the sync", async () => {
    const { store, answer, answers, written } = openLane();
    await written(1, true);
    expect(answers.size).toBe(0);
    (await store.syncs.next()).succeed();
    expect(await answer()).toStrictEqual({ ticket: 1, statuses: [Status.Synced], errors: null });
  });

  it("are synced as a whole if one record wants it", async () => {
    const { store, answer, push } = openLane();
    push(1, { id: 1, data: DATA }, { id: 2, cancelled: true }, { id: 3, data: DATA, sync: true });
    (await store.writes.next()).succeed();
    (await store.syncs.next()).succeed();
    expect(await answer()).toMatchObject({ statuses: [Status.Synced, Status.Cancelled, Status.Synced] });
  });

  it("are the only reason for a sync: no other frame starts one", async () => {
    const { store, answer, written } = openLane();
    await written(1, false);
    expect(await answer()).toMatchObject({ statuses: [Status.Written] });
    expect(store.syncs.size).toBe(0);
  });

  it("do not hold up batches, and share the next sync with all frames written during this one", async () => {
    const { store, answer, answers, written } = openLane();
    await written(1, true);
    const first = await store.syncs.next();
    for (const ticket of [2, 3, 4]) await written(ticket, true);
    expect([store.syncs.size, answers.size]).toStrictEqual([0, 0]);
    first.succeed();
    expect((await answer()).ticket).toBe(1);
    const second = await store.syncs.next();
    await settled();
    expect([store.syncs.size, answers.size]).toStrictEqual([0, 0]);
    second.succeed();
    expect([await answer(), await answer(), await answer()].map(({ ticket }) => ticket)).toStrictEqual([2, 3, 4]);
    await settled();
    expect(store.syncs.size).toBe(0);
  });

  it("are answered after a later frame that wants none", async () => {
    const { store, answer, written } = openLane();
    await written(1, true);
    const sync = await store.syncs.next();
    await written(2, false);
    expect(await answer()).toMatchObject({ ticket: 2, statuses: [Status.Written] });
    sync.succeed();
    expect(await answer()).toMatchObject({ ticket: 1, statuses: [Status.Synced] });
  });

  it("are all answered, however closely a write and another frame's sync finish", async () => {
    for (const order of ["write first", "sync first"]) {
      for (let steps = 0; steps < 12; steps++) {
        const { lane, store, push, answers, written } = openLane();
        await written(1, true);
        const sync = await store.syncs.next();
        push(2, { id: 2, data: DATA, sync: true });
        const write = await store.writes.next();
        const [first, second] = order === "write first" ? [write, sync] : [sync, write];
        first.succeed();
        if (steps > 0) await microtasks(steps);
        second.succeed();
        await settled();
        expect([answers.size, store.syncs.size], `${order}, ${steps} steps between`).toStrictEqual([1, 1]);
        (await store.syncs.next()).succeed();
        await lane.idle();
        expect(answers.size).toBe(2);
      }
    }
  });
});

describe("a sync that fails", () => {
  it("fails its frames and is reported; it is final, so later frames fail with the same error", async () => {
    const { store, answer, errors, written } = openLane();
    await written(1, true);
    const sync = await store.syncs.next();
    await written(2, true);
    const error = diskError("syncing failed");
    sync.fail(error);
    const record = { code: "SPOOL_ENGINE", message: "syncing failed", kind: "io", path: PATH, cause: null };
    expect(await answer()).toStrictEqual({ ticket: 1, statuses: [Status.Failed], errors: [record] });
    expect(await answer()).toStrictEqual({ ticket: 2, statuses: [Status.Failed], errors: [record] });
    expect(store.syncs.size).toBe(0);
    expect(errors).toStrictEqual([error, error]);
  });

  it("fails all frames of the group", async () => {
    const { store, answer, written } = openLane();
    await written(1, true);
    const first = await store.syncs.next();
    await written(2, true);
    await written(3, true);
    first.succeed();
    await answer();
    (await store.syncs.next()).fail(diskError("syncing failed"));
    expect(await answer()).toMatchObject({ ticket: 2, statuses: [Status.Failed] });
    expect(await answer()).toMatchObject({ ticket: 3, statuses: [Status.Failed] });
  });
});

describe("sync()", () => {
  it("does nothing if all that is written is synced", async () => {
    const { lane, store, written, ticked } = openLane();
    await lane.sync();
    await written(1, false);
    await ticked();
    await lane.sync();
    expect([store.writes.size, store.syncs.size]).toStrictEqual([0, 0]);
  });

  it("waits for the sync in flight, then syncs what was written meanwhile", async () => {
    const { lane, store, written } = openLane();
    await written(1, true);
    const first = await store.syncs.next();
    await written(2, false);
    let done = false;
    const synced = lane.sync().then(() => {
      done = true;
    });
    await settled();
    expect(store.syncs.size).toBe(0);
    first.succeed();
    const second = await store.syncs.next();
    expect([done, store.isSynced]).toStrictEqual([false, false]);
    second.succeed();
    await synced;
    expect(store.isSynced).toBe(true);
  });

  it("is one sync for concurrent calls", async () => {
    const { lane, store, written } = openLane();
    await written(1, false);
    const synced = Promise.all([lane.sync(), lane.sync()]);
    (await store.syncs.next()).succeed();
    await synced;
    expect(store.syncs.size).toBe(0);
  });

  it("does not wait for a batch that RocksDB would stall on", async () => {
    const { lane, store, engine, push, answer, written } = openLane();
    await written(1, false);
    await answer();
    engine.properties.set("is-write-stopped", 1).set("current-super-version-number", 1);
    push(2, { id: 2, data: DATA });
    const synced = lane.sync();
    (await store.syncs.next()).succeed();
    await synced;
    expect([store.writes.size, store.isSynced]).toStrictEqual([0, true]);
    engine.properties.set("is-write-stopped", 0).set("current-super-version-number", 2);
    (await store.writes.next()).succeed();
    await answer();
  });

  it("runs while the gate is latched", async () => {
    const { lane, store, gate, written } = openLane();
    await written(1, false);
    gate.latch("background errors", Date.now(), "io");
    const synced = lane.sync();
    (await store.syncs.next()).succeed();
    await synced;
    expect(store.isSynced).toBe(true);
  });

  it("resolves after the sync that covers it, even if others follow without a pause", async () => {
    const { lane, store, written } = openLane();
    await written(1, true);
    const first = await store.syncs.next();
    await written(2, true);
    const synced = lane.sync();
    first.succeed();
    const second = await store.syncs.next();
    await written(3, true);
    second.succeed();
    await synced;
    expect([store.syncs.size, store.isSynced]).toStrictEqual([1, false]);
  });

  it("does not repeat a failed sync, so the shard reports no new error", async () => {
    const { lane, store, errors, written } = openLane();
    await written(1, false);
    const failing = lane.sync();
    (await store.syncs.next()).fail(diskError("syncing failed"));
    await failing;
    await lane.sync();
    expect([store.syncs.size, store.isSynced, errors.length]).toStrictEqual([0, false, 1]);
  });

  it("never rejects: failures are reported", async () => {
    const { lane, store, errors, written } = openLane();
    await written(1, false);
    const synced = lane.sync();
    (await store.syncs.next()).fail(diskError("syncing failed"));
    expect(await synced).toBeUndefined();
    expect(errors).toHaveLength(1);
  });
});

describe("idle()", () => {
  it("waits for the batch, the sync, and the frames that arrived meanwhile", async () => {
    const { lane, store, push, answers } = openLane();
    push(1, { id: 1, data: DATA });
    const write = await store.writes.next();
    push(2, { id: 2, data: DATA, sync: true });
    let idle = false;
    const waiting = lane.idle().then(() => {
      idle = true;
    });
    write.succeed();
    (await store.writes.next()).succeed();
    const sync = await store.syncs.next();
    await settled();
    expect([idle, answers.size]).toStrictEqual([false, 1]);
    sync.succeed();
    await waiting;
    expect(answers.size).toBe(2);
  });

  it("resolves at once in an empty lane", async () => {
    await openLane().lane.idle();
  });

  it("a frame pushed just as the lane becomes idle is written too", async () => {
    for (let steps = 0; steps < 12; steps++) {
      const { lane, store, push, answers } = openLane();
      push(1, { id: 1, data: DATA });
      (await store.writes.next()).succeed();
      if (steps > 0) await microtasks(steps);
      push(2, { id: 2, data: DATA });
      await settled();
      expect(store.writes.size, `${steps} steps later`).toBe(1);
      (await store.writes.next()).succeed();
      await lane.idle();
      expect(answers.size).toBe(2);
    }
  });
});
