import { Status } from "@rockspool/core";
import { describe, expect, it } from "vitest";
import { DATA, diskError, openLane, PATH } from "../../test/group-commit-fixture.ts";
import { microtasks, settled } from "../../test/inbox.ts";

describe("frames that want a sync", () => {
  it("are answered only after the sync", async () => {
    const { engine, answer, answers, written } = openLane();
    await written(1, true);
    expect(answers.size).toBe(0);
    (await engine.syncs.next()).succeed();
    expect(await answer()).toStrictEqual({ ticket: 1, statuses: [Status.Synced], errors: null });
  });

  it("are synced as a whole if one record wants it", async () => {
    const { engine, answer, push } = openLane();
    push(1, { id: 1, data: DATA }, { id: 2, cancelled: true }, { id: 3, data: DATA, sync: true });
    (await engine.writes.next()).succeed();
    (await engine.syncs.next()).succeed();
    expect(await answer()).toMatchObject({ statuses: [Status.Synced, Status.Cancelled, Status.Synced] });
  });

  it("are the only reason for a sync: no other frame starts one", async () => {
    const { engine, answer, written } = openLane();
    await written(1, false);
    expect(await answer()).toMatchObject({ statuses: [Status.Written] });
    expect(engine.syncs.size).toBe(0);
  });

  it("do not hold up batches, and share the next sync with all frames written during this one", async () => {
    const { engine, answer, answers, written } = openLane();
    await written(1, true);
    const first = await engine.syncs.next();
    for (const ticket of [2, 3, 4]) await written(ticket, true);
    expect([engine.syncs.size, answers.size]).toStrictEqual([0, 0]);
    first.succeed();
    expect((await answer()).ticket).toBe(1);
    const second = await engine.syncs.next();
    await settled();
    expect([engine.syncs.size, answers.size]).toStrictEqual([0, 0]);
    second.succeed();
    expect([await answer(), await answer(), await answer()].map(({ ticket }) => ticket)).toStrictEqual([2, 3, 4]);
    await settled();
    expect(engine.syncs.size).toBe(0);
  });

  it("are answered after a later frame that wants none", async () => {
    const { engine, answer, written } = openLane();
    await written(1, true);
    const sync = await engine.syncs.next();
    await written(2, false);
    expect(await answer()).toMatchObject({ ticket: 2, statuses: [Status.Written] });
    sync.succeed();
    expect(await answer()).toMatchObject({ ticket: 1, statuses: [Status.Synced] });
  });

  it("are all answered, however closely a write and another frame's sync finish", async () => {
    for (const order of ["write first", "sync first"]) {
      for (let steps = 0; steps < 12; steps++) {
        const { lane, engine, push, answers, written } = openLane();
        await written(1, true);
        const sync = await engine.syncs.next();
        push(2, { id: 2, data: DATA, sync: true });
        const write = await engine.writes.next();
        const [first, second] = order === "write first" ? [write, sync] : [sync, write];
        first.succeed();
        if (steps > 0) await microtasks(steps);
        second.succeed();
        await settled();
        expect([answers.size, engine.syncs.size], `${order}, ${steps} steps between`).toStrictEqual([1, 1]);
        (await engine.syncs.next()).succeed();
        await lane.idle();
        expect(answers.size).toBe(2);
      }
    }
  });
});

describe("a sync that fails", () => {
  it("fails its frames and is reported; later frames go to the next sync", async () => {
    const { engine, answer, errors, written } = openLane();
    await written(1, true);
    const sync = await engine.syncs.next();
    await written(2, true);
    const error = diskError("WAL sync failed");
    sync.fail(error);
    const record = { code: "SPOOL_ENGINE", message: "WAL sync failed", kind: "io", path: PATH, cause: null };
    expect(await answer()).toStrictEqual({ ticket: 1, statuses: [Status.Failed], errors: [record] });
    expect(errors).toStrictEqual([error]);
    (await engine.syncs.next()).fail(error);
    expect(await answer()).toMatchObject({ ticket: 2, statuses: [Status.Failed] });
    expect(errors).toStrictEqual([error, error]);
  });

  it("fails all frames of the group", async () => {
    const { engine, answer, written } = openLane();
    await written(1, true);
    const first = await engine.syncs.next();
    await written(2, true);
    await written(3, true);
    first.succeed();
    await answer();
    (await engine.syncs.next()).fail(diskError("WAL sync failed"));
    expect(await answer()).toMatchObject({ ticket: 2, statuses: [Status.Failed] });
    expect(await answer()).toMatchObject({ ticket: 3, statuses: [Status.Failed] });
  });
});

describe("syncedNumbered", () => {
  it("is at first the number that the shard held when it was opened", () => {
    expect(openLane(17).lane.syncedNumbered.batch).toBe(17);
  });

  it("is the batch numbered before the sync began, not one numbered during the sync", async () => {
    const { lane, engine, push, written } = openLane(10);
    await written(1, false);
    push(2, { id: 2, data: DATA, sync: true });
    const write = await engine.writes.next();
    const synced = lane.sync();
    write.succeed();
    const first = await engine.syncs.next();
    (await engine.writes.next()).succeed();
    await settled();
    first.succeed();
    const second = await engine.syncs.next();
    expect(lane.syncedNumbered.batch).toBe(10);
    second.succeed();
    await synced;
    expect(lane.syncedNumbered.batch).toBe(13);
  });

  it("advances when the sync after the numbered batch succeeds", async () => {
    const { lane, engine, written } = openLane(10);
    await written(1, false);
    const synced = lane.sync();
    (await engine.writes.next()).succeed();
    const sync = await engine.syncs.next();
    expect(lane.syncedNumbered.batch).toBe(10);
    sync.succeed();
    await synced;
    expect(lane.syncedNumbered.batch).toBe(12);
  });

  it("does not advance when the sync fails, and the sync is not tried again", async () => {
    const { lane, engine, written } = openLane(5);
    await written(1, false);
    const synced = lane.sync();
    (await engine.writes.next()).succeed();
    (await engine.syncs.next()).fail(diskError("WAL sync failed"));
    await synced;
    await lane.sync();
    expect([engine.writes.size, engine.syncs.size, lane.syncedNumbered.batch]).toStrictEqual([0, 0, 5]);
  });
});

describe("sync()", () => {
  it("does nothing if all that is written is numbered and synced", async () => {
    const { lane, engine, written, ticked } = openLane(3);
    await lane.sync();
    await written(1, false);
    await ticked();
    await lane.sync();
    expect([engine.writes.size, engine.syncs.size]).toStrictEqual([0, 0]);
  });

  it("waits for the sync in flight, then syncs what was written meanwhile", async () => {
    const { lane, engine, written } = openLane();
    await written(1, true);
    const first = await engine.syncs.next();
    await written(2, false);
    let done = false;
    const synced = lane.sync().then(() => {
      done = true;
    });
    (await engine.writes.next()).succeed();
    await settled();
    expect(engine.syncs.size).toBe(0);
    first.succeed();
    const second = await engine.syncs.next();
    expect(done).toBe(false);
    second.succeed();
    await synced;
    expect(lane.syncedNumbered.batch).toBe(3);
  });

  it("resolves after the sync that covers it, even if others follow without a pause", async () => {
    const { lane, engine, written } = openLane();
    await written(1, true);
    const first = await engine.syncs.next();
    const synced = lane.sync();
    (await engine.writes.next()).succeed();
    await written(2, true);
    first.succeed();
    const second = await engine.syncs.next();
    await written(3, true);
    second.succeed();
    await synced;
    expect([engine.syncs.size, lane.syncedNumbered.batch]).toStrictEqual([1, 2]);
  });

  it("does not repeat a failed sync, so the shard reports no new error", async () => {
    const { lane, engine, errors, written } = openLane();
    await written(1, false);
    const failing = lane.sync();
    (await engine.writes.next()).succeed();
    (await engine.syncs.next()).fail(diskError("WAL sync failed"));
    await failing;
    await lane.sync();
    expect([engine.syncs.size, errors.length]).toStrictEqual([0, 1]);
  });

  it("never rejects: failures are reported", async () => {
    const { lane, engine, errors, written } = openLane();
    await written(1, false);
    const synced = lane.sync();
    (await engine.writes.next()).fail(diskError("the disk is gone"));
    (await engine.syncs.next()).fail(diskError("WAL sync failed"));
    await synced;
    expect(errors).toHaveLength(2);
  });
});

describe("idle()", () => {
  it("waits for the batch, the sync, and the frames that arrived meanwhile", async () => {
    const { lane, engine, push, answers } = openLane();
    push(1, { id: 1, data: DATA });
    const write = await engine.writes.next();
    push(2, { id: 2, data: DATA, sync: true });
    let idle = false;
    const waiting = lane.idle().then(() => {
      idle = true;
    });
    write.succeed();
    (await engine.writes.next()).succeed();
    const sync = await engine.syncs.next();
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
      const { lane, engine, push, answers } = openLane();
      push(1, { id: 1, data: DATA });
      (await engine.writes.next()).succeed();
      if (steps > 0) await microtasks(steps);
      push(2, { id: 2, data: DATA });
      await settled();
      expect(engine.writes.size, `${steps} steps later`).toBe(1);
      (await engine.writes.next()).succeed();
      await lane.idle();
      expect(answers.size).toBe(2);
    }
  });
});
