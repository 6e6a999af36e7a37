import { Status } from "@rockspool/core";
import { describe, expect, it, vi } from "vitest";
import type { Operation } from "../../test/fake-engine.ts";
import { key, type SentWrite } from "../../test/frames.ts";
import { DATA, diskError, numbered, openLane, PATH } from "../../test/group-commit-fixture.ts";
import { settled } from "../../test/inbox.ts";
import { ValueCodec } from "./value-codec.ts";

function store(id: number): Operation {
  return [key(id).toString("hex"), "00da7a"];
}

describe("batches", () => {
  it("a single frame is written at once, as a batch of only its records", async () => {
    const { engine, push, answer } = openLane(41);
    push(7, { id: 1, data: DATA }, { id: 2 });
    const write = await engine.writes.next();
    expect(write.request).toStrictEqual([store(1), [key(2).toString("hex"), null]]);
    write.succeed();
    expect(await answer()).toStrictEqual({ ticket: 7, statuses: [Status.Written, Status.Written], errors: null });
  });

  it("frames that arrive while a batch is in flight become one batch, in their order", async () => {
    const { engine, push, answer } = openLane();
    push(1, { id: 1, data: DATA });
    const first = await engine.writes.next();
    for (const ticket of [2, 3, 4]) push(ticket, { id: ticket, data: DATA });
    await settled();
    expect(engine.writes.size).toBe(0);
    first.succeed();
    const second = await engine.writes.next();
    expect(second.request).toStrictEqual([store(2), store(3), store(4)]);
    second.succeed();
    const tickets = [await answer(), await answer(), await answer(), await answer()].map(({ ticket }) => ticket);
    expect(tickets).toStrictEqual([1, 2, 3, 4]);
  });

  it("a frame is answered only after its batch is written", async () => {
    const { engine, push, answers } = openLane();
    push(1, { id: 1, data: DATA });
    const write = await engine.writes.next();
    await settled();
    expect(answers.size).toBe(0);
    write.succeed();
    await settled();
    expect(answers.size).toBe(1);
  });

  it("a message that compresses is written compressed", async () => {
    const { engine, push } = openLane(0, new ValueCodec("snappy", 100));
    push(1, { id: 1, data: new Uint8Array(5_000) }, { id: 2, data: new Uint8Array(99) });
    const { request } = await engine.writes.next();
    const [[, large], [, small]] = request as unknown as [[string, string], [string, string]];
    expect(large.slice(0, 2)).toBe("01");
    expect(large.length).toBeLessThan(1_000);
    expect(small).toBe("00".repeat(100));
  });

  it("a record without a deadline is written", async () => {
    const { engine, push, answer } = openLane();
    push(1, { id: 1, data: DATA, deadlineMs: Number.POSITIVE_INFINITY });
    await settled();
    expect(engine.writes.size).toBe(1);
    const write = await engine.writes.next();
    write.succeed();
    expect(await answer()).toMatchObject({ statuses: [Status.Written] });
  });
});

describe("a batch's number", () => {
  it("counts all batches, and is written only when a sync requests it", async () => {
    const { lane, engine, written } = openLane(41);
    for (const ticket of [1, 2, 3]) await written(ticket, false);
    void lane.sync();
    expect((await engine.writes.next()).request).toStrictEqual([numbered(45)]);
  });

  it("goes into the next batch, without a delay", async () => {
    const { lane, engine, push, answer, written } = openLane();
    await written(1, false);
    await answer();
    push(2, { id: 2, data: DATA });
    const write = await engine.writes.next();
    push(3, { id: 3, data: DATA });
    void lane.sync();
    write.succeed();
    const next = await engine.writes.next();
    expect(next.request).toStrictEqual([store(3), numbered(3)]);
    next.succeed();
    expect([(await answer()).ticket, (await answer()).ticket]).toStrictEqual([2, 3]);
    expect(engine.syncs.size).toBe(1);
  });

  it("comes with the log bytes synced at the request, not at the write", async () => {
    const { lane, engine, push, answer, written } = openLane();
    const logs = [{ number: 8, bytes: 100 }];
    engine.files.logs = logs;
    await written(1, false);
    await answer();
    engine.properties.set("is-write-stopped", 1).set("current-super-version-number", 1);
    push(2, { id: 2, data: DATA });
    const first = lane.sync();
    engine.files.logs = [{ number: 8, bytes: 200 }];
    (await engine.syncs.next()).succeed();
    await first;
    engine.properties.set("is-write-stopped", 0).set("current-super-version-number", 2);
    (await engine.writes.next()).succeed();
    await answer();
    const second = lane.sync();
    (await engine.syncs.next()).succeed();
    await second;
    expect(lane.syncedNumbered).toStrictEqual({ batch: 2, syncedBefore: logs });
  });

  it("is written once for concurrent requests", async () => {
    const { lane, engine, written } = openLane();
    await written(1, false);
    const synced = Promise.all([lane.sync(), lane.sync()]);
    (await engine.writes.next()).succeed();
    (await engine.syncs.next()).succeed();
    await synced;
    expect([engine.writes.size, engine.syncs.size, lane.syncedNumbered.batch]).toStrictEqual([0, 0, 2]);
  });

  it("is not written if no batch was written since", async () => {
    const { lane, engine, written, ticked } = openLane();
    await written(1, false);
    await ticked();
    await lane.sync();
    expect([engine.writes.size, engine.syncs.size]).toStrictEqual([0, 0]);
  });

  it("goes into the next batch if its batch fails, and the next sync covers it", async () => {
    const { lane, engine, errors, push, answer, written } = openLane(9);
    await written(1, false);
    await answer();
    const synced = lane.sync();
    (await engine.writes.next()).fail(diskError("the disk is gone"));
    (await engine.syncs.next()).succeed();
    await synced;
    expect([lane.syncedNumbered.batch, errors.length]).toStrictEqual([9, 1]);
    push(2, { id: 2, data: DATA });
    const write = await engine.writes.next();
    expect(write.request).toStrictEqual([store(2), numbered(11)]);
    write.succeed();
    await answer();
    const again = lane.sync();
    (await engine.syncs.next()).succeed();
    await again;
    expect([engine.writes.size, lane.syncedNumbered.batch]).toStrictEqual([0, 11]);
  });

  it("does not delay the sync on a stall: the waiting batch carries it later", async () => {
    const { lane, engine, push, answer, written } = openLane(9);
    await written(1, false);
    await answer();
    engine.properties.set("is-write-stopped", 1).set("current-super-version-number", 1);
    push(2, { id: 2, data: DATA });
    const synced = lane.sync();
    (await engine.syncs.next()).succeed();
    await synced;
    expect([engine.writes.size, lane.syncedNumbered.batch]).toStrictEqual([0, 9]);
    engine.properties.set("is-write-stopped", 0).set("current-super-version-number", 2);
    const write = await engine.writes.next();
    expect(write.request).toStrictEqual([store(2), numbered(11)]);
  });

  it("is not written while the gate is latched: the sync runs without it", async () => {
    const { lane, engine, gate, written } = openLane();
    await written(1, false);
    gate.latch("background errors", Date.now(), "io");
    const synced = lane.sync();
    (await engine.syncs.next()).succeed();
    await synced;
    expect([engine.writes.size, lane.syncedNumbered.batch]).toStrictEqual([0, 0]);
  });

  it("is no record: a batch of only the number is not in the histogram of batch sizes", async () => {
    const { status, written, ticked } = openLane();
    await written(1, false);
    await ticked();
    expect(status.batchSizes.sum).toBe(1);
  });
});

describe("records that are not written", () => {
  it("cancelled ones are answered as cancelled, and the others of the frame are written", async () => {
    const { engine, push, answer } = openLane();
    push(1, { id: 1, data: DATA, cancelled: true }, { id: 2, data: DATA }, { id: 3, cancelled: true, sync: true });
    const write = await engine.writes.next();
    expect(write.request).toStrictEqual([store(2)]);
    write.succeed();
    const statuses = [Status.Cancelled, Status.Written, Status.Cancelled];
    expect(await answer()).toStrictEqual({ ticket: 1, statuses, errors: null });
  });

  it("those whose deadline is reached are answered as expired, to the millisecond", async () => {
    const nowMs = 1_700_000_000_000;
    vi.spyOn(Date, "now").mockReturnValue(nowMs);
    const { engine, push, answer } = openLane();
    const at = (deadlineMs: number, id: number): SentWrite => ({ id, data: DATA, deadlineMs });
    push(1, at(nowMs - 1, 1), at(nowMs, 2), at(nowMs + 1, 3));
    const write = await engine.writes.next();
    expect(write.request).toStrictEqual([store(3)]);
    write.succeed();
    expect(await answer()).toMatchObject({ statuses: [Status.Expired, Status.Expired, Status.Written] });
  });

  it("a frame of only such records is answered without a call to the engine", async () => {
    const { lane, engine, push, answer } = openLane();
    push(1, { id: 1, data: DATA, cancelled: true }, { id: 2, sync: true, deadlineMs: 1 });
    expect(await answer()).toStrictEqual({ ticket: 1, statuses: [Status.Cancelled, Status.Expired], errors: null });
    await lane.idle();
    expect([engine.writes.size, engine.syncs.size]).toStrictEqual([0, 0]);
  });

  it("on a latched gate none is written: they are answered as cancelled or unhealthy", async () => {
    const { lane, engine, gate, push, answer, errors } = openLane();
    gate.latch("io", Date.now(), "io");
    push(1, { id: 1, data: DATA, sync: true }, { id: 2, cancelled: true }, { id: 3 });
    const statuses = [Status.Unhealthy, Status.Cancelled, Status.Unhealthy];
    expect(await answer()).toStrictEqual({ ticket: 1, statuses, errors: null });
    await lane.idle();
    await settled();
    expect([engine.writes.size, engine.syncs.size, errors.length]).toStrictEqual([0, 0, 0]);
  });

  it("a gate that latches refuses the waiting frames, not the batch in flight", async () => {
    const { engine, gate, push, answer } = openLane();
    push(1, { id: 1, data: DATA });
    const write = await engine.writes.next();
    push(2, { id: 2, data: DATA });
    gate.latch("io", Date.now(), "io");
    write.succeed();
    expect(await answer()).toMatchObject({ ticket: 1, statuses: [Status.Written] });
    expect(await answer()).toMatchObject({ ticket: 2, statuses: [Status.Unhealthy] });
    expect(engine.writes.size).toBe(0);
  });
});

describe("a batch that fails", () => {
  it("fails all its records with the error and is reported once; later frames are written", async () => {
    const { engine, push, answer, errors } = openLane();
    push(1, { id: 1, data: DATA });
    const first = await engine.writes.next();
    push(2, { id: 2, data: DATA, sync: true }, { id: 3, cancelled: true });
    push(3, { id: 4 });
    first.succeed();
    const second = await engine.writes.next();
    push(4, { id: 5, data: DATA });
    const error = diskError("the disk is gone");
    second.fail(error);
    const record = { code: "SPOOL_ENGINE", message: "the disk is gone", kind: "io", path: PATH, cause: null };
    expect(await answer()).toMatchObject({ ticket: 1, statuses: [Status.Written] });
    expect(await answer()).toStrictEqual({ ticket: 2, statuses: [Status.Failed, Status.Cancelled], errors: [record] });
    expect(await answer()).toStrictEqual({ ticket: 3, statuses: [Status.Failed], errors: [record] });
    expect(errors).toStrictEqual([error]);
    const third = await engine.writes.next();
    expect(engine.syncs.size).toBe(0);
    third.succeed();
    expect(await answer()).toMatchObject({ ticket: 4, statuses: [Status.Written] });
  });

  it("with an error that is no SpoolError is answered too", async () => {
    const { engine, push, answer } = openLane();
    push(1, { id: 1, data: DATA });
    (await engine.writes.next()).fail(new TypeError("x is not a function"));
    const { statuses, errors } = await answer();
    expect(statuses).toStrictEqual([Status.Failed]);
    expect(errors).toMatchObject([{ code: "SPOOL_ENGINE", kind: "other", message: "x is not a function", path: PATH }]);
  });
});

describe("a batch that RocksDB would stall on", () => {
  it("is written when the stall has ended", async () => {
    const { engine, push, answer, answers } = openLane();
    engine.properties.set("is-write-stopped", 1);
    push(1, { id: 1, data: DATA });
    await settled();
    expect([engine.writes.size, answers.size]).toStrictEqual([0, 0]);
    engine.properties.set("is-write-stopped", 0).set("current-super-version-number", 1);
    (await engine.writes.next()).succeed();
    expect(await answer()).toMatchObject({ ticket: 1, statuses: [Status.Written] });
  });

  it("expires record by record, at each record's deadline", async () => {
    const { engine, push, answer } = openLane();
    engine.properties.set("is-write-stopped", 1);
    push(1, { id: 1, data: DATA, deadlineMs: Date.now() + 5 }, { id: 2, data: DATA, deadlineMs: Date.now() + 15 });
    expect(await answer()).toStrictEqual({ ticket: 1, statuses: [Status.Expired, Status.Expired], errors: null });
    expect(engine.writes.size).toBe(0);
  });

  it("is refused when the gate latches", async () => {
    const { engine, gate, push, answer } = openLane();
    engine.properties.set("is-write-stopped", 1);
    push(1, { id: 1, data: DATA, sync: true });
    await settled();
    gate.latch("background errors", Date.now(), "io");
    expect(await answer()).toStrictEqual({ ticket: 1, statuses: [Status.Unhealthy], errors: null });
    expect([engine.writes.size, engine.syncs.size]).toStrictEqual([0, 0]);
  });
});
