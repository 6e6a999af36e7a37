import { Status } from "@rockspool/core";
import { describe, expect, it } from "vitest";
import { DATA, diskError, openLane, PATH } from "../../test/group-commit-fixture.ts";
import { microtasks, settled } from "../../test/inbox.ts";

describe("frames that wait for a sync", () => {
  it("are answered when it is done, not before", async () => {
    const { engine, answer, answers, written } = openLane();
    await written(1, true);
    expect(answers.size).toBe(0);
    (await engine.syncs.next()).succeed();
    expect(await answer()).toStrictEqual({ ticket: 1, statuses: [Status.Synced], errors: null });
  });

  it("of which one record wants it are synced as a whole", async () => {
    const { engine, answer, push } = openLane();
    push(1, { id: 1, data: DATA }, { id: 2, cancelled: true }, { id: 3, data: DATA, sync: true });
    (await engine.writes.next()).succeed();
    (await engine.syncs.next()).succeed();
    expect(await answer()).toMatchObject({ statuses: [Status.Synced, Status.Cancelled, Status.Synced] });
  });

  it("no sync runs for those that do not want one", async () => {
    const { engine, answer, written } = openLane();
    await written(1, false);
    expect(await answer()).toMatchObject({ statuses: [Status.Written] });
    expect(engine.syncs.size).toBe(0);
  });

  it("let batches go on meanwhile, and share the next sync with all that came while it ran", async () => {
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

  it("are overtaken by one that does not", async () => {
    const { engine, answer, written } = openLane();
    await written(1, true);
    const sync = await engine.syncs.next();
    await written(2, false);
    expect(await answer()).toMatchObject({ ticket: 2, statuses: [Status.Written] });
    sync.succeed();
    expect(await answer()).toMatchObject({ ticket: 1, statuses: [Status.Synced] });
  });

  it("are never forgotten, however closely their write and another's sync end", async () => {
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
  it("fails the frames that waited for it, is reported, and leaves those behind to the next", async () => {
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

  it("fails the whole group", async () => {
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
  it("is at first what the shard held when it was opened", () => {
    expect(openLane(17).lane.syncedNumbered.batch).toBe(17);
  });

  it("is what was numbered before the sync began, not what was numbered while it ran", async () => {
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

  it("moves with the sync behind the batch that was numbered", async () => {
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

  it("does not move when the sync fails, nor on the word of a second try, which is not made", async () => {
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
  it("does nothing where all that is written is numbered and synced", async () => {
    const { lane, engine, written, ticked } = openLane(3);
    await lane.sync();
    await written(1, false);
    await ticked();
    await lane.sync();
    expect([engine.writes.size, engine.syncs.size]).toStrictEqual([0, 0]);
  });

  it("waits for the one that runs, then covers what was written meanwhile", async () => {
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

  it("ends with the sync that covers it, though others follow without a pause", async () => {
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

  it("does not try again what has failed, so that a shard with nothing new to report is quiet", async () => {
    const { lane, engine, errors, written } = openLane();
    await written(1, false);
    const failing = lane.sync();
    (await engine.writes.next()).succeed();
    (await engine.syncs.next()).fail(diskError("WAL sync failed"));
    await failing;
    await lane.sync();
    expect([engine.syncs.size, errors.length]).toStrictEqual([0, 1]);
  });

  it("never rejects: what fails is reported", async () => {
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
  it("waits for batch and sync and for what gathers behind them", async () => {
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

  it("resolves at once in a lane that has nothing", async () => {
    await openLane().lane.idle();
  });

  it("a frame that comes as the lane falls idle is written too", async () => {
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
