import { Status, WRITE_RECORD_BYTES, WriteField } from "@rockspool/core";
import { describe, expect, it, vi } from "vitest";
import type { Operation } from "../../test/fake-engine.ts";
import { key, type SentWrite } from "../../test/frames.ts";
import { DATA, diskError, openLane, PATH } from "../../test/group-commit-fixture.ts";
import { settled } from "../../test/inbox.ts";
import type { BlockParts } from "../log/log-types.ts";
import { BodyCodec, decompress } from "../store/body-codec.ts";

function stored(id: number): Operation {
  return [key(id).toString("hex"), "da7a"];
}

describe("batches", () => {
  it("a single frame is written at once, as a batch of only its records", async () => {
    const { store, push, answer } = openLane();
    push(7, { id: 1, data: DATA }, { id: 2 });
    const write = await store.writes.next();
    expect(write.request).toStrictEqual([stored(1), [key(2).toString("hex"), null]]);
    write.succeed();
    expect(await answer()).toStrictEqual({ ticket: 7, statuses: [Status.Written, Status.Written], errors: null });
  });

  it("frames that arrive while a batch is in flight become one batch, in their order", async () => {
    const { store, push, answer } = openLane();
    push(1, { id: 1, data: DATA });
    const first = await store.writes.next();
    for (const ticket of [2, 3, 4]) push(ticket, { id: ticket, data: DATA });
    await settled();
    expect(store.writes.size).toBe(0);
    first.succeed();
    const second = await store.writes.next();
    expect(second.request).toStrictEqual([stored(2), stored(3), stored(4)]);
    second.succeed();
    const tickets = [await answer(), await answer(), await answer(), await answer()].map(({ ticket }) => ticket);
    expect(tickets).toStrictEqual([1, 2, 3, 4]);
  });

  it("a frame is answered only after its batch is written", async () => {
    const { store, push, answers } = openLane();
    push(1, { id: 1, data: DATA });
    const write = await store.writes.next();
    await settled();
    expect(answers.size).toBe(0);
    write.succeed();
    await settled();
    expect(answers.size).toBe(1);
  });

  it("a message that compresses is written compressed", async () => {
    const { store, push } = openLane(new BodyCodec("snappy", 100));
    push(1, { id: 1, data: new Uint8Array(5_000) }, { id: 2, data: new Uint8Array(99) });
    const { request } = await store.writes.next();
    const [[, large], [, small]] = request as unknown as [[string, string], [string, string]];
    expect(large.length).toBeLessThan(1_000);
    expect(small).toBe("00".repeat(99));
    const [[{ table }]] = store.blocks as [[BlockParts]];
    expect([table[WriteField.Codec], table[WRITE_RECORD_BYTES + WriteField.Codec]]).toStrictEqual([1, 0]);
    expect(decompress(1, Buffer.from(large, "hex")).byteLength).toBe(5_000);
  });

  it("a record without a deadline is written", async () => {
    const { store, push, answer } = openLane();
    push(1, { id: 1, data: DATA, deadlineMs: Number.POSITIVE_INFINITY });
    await settled();
    expect(store.writes.size).toBe(1);
    const write = await store.writes.next();
    write.succeed();
    expect(await answer()).toMatchObject({ statuses: [Status.Written] });
  });
});

describe("the histogram of batch sizes", () => {
  it("counts the records of each batch that was written, and no sync", async () => {
    const { status, push, store, answer, written, ticked } = openLane();
    await written(1, false);
    await answer();
    await ticked();
    push(2, { id: 1, data: DATA }, { id: 2, cancelled: true }, { id: 3 });
    (await store.writes.next()).succeed();
    await answer();
    expect(status.batchSizes.sum).toBe(3);
  });
});

describe("records that are not written", () => {
  it("cancelled ones are answered as cancelled, and the others of the frame are written", async () => {
    const { store, push, answer } = openLane();
    push(1, { id: 1, data: DATA, cancelled: true }, { id: 2, data: DATA }, { id: 3, cancelled: true, sync: true });
    const write = await store.writes.next();
    expect(write.request).toStrictEqual([stored(2)]);
    write.succeed();
    const statuses = [Status.Cancelled, Status.Written, Status.Cancelled];
    expect(await answer()).toStrictEqual({ ticket: 1, statuses, errors: null });
  });

  it("those whose deadline is reached are answered as expired, to the millisecond", async () => {
    const nowMs = 1_700_000_000_000;
    vi.spyOn(Date, "now").mockReturnValue(nowMs);
    const { store, push, answer } = openLane();
    const at = (deadlineMs: number, id: number): SentWrite => ({ id, data: DATA, deadlineMs });
    push(1, at(nowMs - 1, 1), at(nowMs, 2), at(nowMs + 1, 3));
    const write = await store.writes.next();
    expect(write.request).toStrictEqual([stored(3)]);
    write.succeed();
    expect(await answer()).toMatchObject({ statuses: [Status.Expired, Status.Expired, Status.Written] });
  });

  it("a frame of only such records is answered without a call to the store", async () => {
    const { lane, store, push, answer } = openLane();
    push(1, { id: 1, data: DATA, cancelled: true }, { id: 2, sync: true, deadlineMs: 1 });
    expect(await answer()).toStrictEqual({ ticket: 1, statuses: [Status.Cancelled, Status.Expired], errors: null });
    await lane.idle();
    expect([store.writes.size, store.syncs.size]).toStrictEqual([0, 0]);
  });

  it("on a latched gate none is written: they are answered as cancelled or unhealthy", async () => {
    const { lane, store, gate, push, answer, errors } = openLane();
    gate.latch("io", Date.now(), "io");
    push(1, { id: 1, data: DATA, sync: true }, { id: 2, cancelled: true }, { id: 3 });
    const statuses = [Status.Unhealthy, Status.Cancelled, Status.Unhealthy];
    expect(await answer()).toStrictEqual({ ticket: 1, statuses, errors: null });
    await lane.idle();
    await settled();
    expect([store.writes.size, store.syncs.size, errors.length]).toStrictEqual([0, 0, 0]);
  });

  it("a gate that latches refuses the waiting frames, not the batch in flight", async () => {
    const { store, gate, push, answer } = openLane();
    push(1, { id: 1, data: DATA });
    const write = await store.writes.next();
    push(2, { id: 2, data: DATA });
    gate.latch("io", Date.now(), "io");
    write.succeed();
    expect(await answer()).toMatchObject({ ticket: 1, statuses: [Status.Written] });
    expect(await answer()).toMatchObject({ ticket: 2, statuses: [Status.Unhealthy] });
    expect(store.writes.size).toBe(0);
  });
});

describe("a batch that fails", () => {
  it("fails all its records with the error and is reported once; later frames are written", async () => {
    const { store, push, answer, errors } = openLane();
    push(1, { id: 1, data: DATA });
    const first = await store.writes.next();
    push(2, { id: 2, data: DATA, sync: true }, { id: 3, cancelled: true });
    push(3, { id: 4 });
    first.succeed();
    const second = await store.writes.next();
    push(4, { id: 5, data: DATA });
    const error = diskError("the disk is gone");
    second.fail(error);
    const record = { code: "SPOOL_ENGINE", message: "the disk is gone", kind: "io", path: PATH, cause: null };
    expect(await answer()).toMatchObject({ ticket: 1, statuses: [Status.Written] });
    expect(await answer()).toStrictEqual({ ticket: 2, statuses: [Status.Failed, Status.Cancelled], errors: [record] });
    expect(await answer()).toStrictEqual({ ticket: 3, statuses: [Status.Failed], errors: [record] });
    expect(errors).toStrictEqual([error]);
    const third = await store.writes.next();
    expect(store.syncs.size).toBe(0);
    third.succeed();
    expect(await answer()).toMatchObject({ ticket: 4, statuses: [Status.Written] });
  });

  it("with an error that is no SpoolError is answered too", async () => {
    const { store, push, answer } = openLane();
    push(1, { id: 1, data: DATA });
    (await store.writes.next()).fail(new TypeError("x is not a function"));
    const { statuses, errors } = await answer();
    expect(statuses).toStrictEqual([Status.Failed]);
    expect(errors).toMatchObject([{ code: "SPOOL_ENGINE", kind: "other", message: "x is not a function", path: PATH }]);
  });
});

describe("a batch that RocksDB would stall on", () => {
  it("is written when the stall has ended", async () => {
    const { store, engine, push, answer, answers } = openLane();
    engine.properties.set("is-write-stopped", 1);
    push(1, { id: 1, data: DATA });
    await settled();
    expect([store.writes.size, answers.size]).toStrictEqual([0, 0]);
    engine.properties.set("is-write-stopped", 0).set("current-super-version-number", 1);
    (await store.writes.next()).succeed();
    expect(await answer()).toMatchObject({ ticket: 1, statuses: [Status.Written] });
  });

  it("expires record by record, at each record's deadline", async () => {
    const { store, engine, push, answer } = openLane();
    engine.properties.set("is-write-stopped", 1);
    push(1, { id: 1, data: DATA, deadlineMs: Date.now() + 5 }, { id: 2, data: DATA, deadlineMs: Date.now() + 15 });
    expect(await answer()).toStrictEqual({ ticket: 1, statuses: [Status.Expired, Status.Expired], errors: null });
    expect(store.writes.size).toBe(0);
  });

  it("is refused when the gate latches", async () => {
    const { store, engine, gate, push, answer } = openLane();
    engine.properties.set("is-write-stopped", 1);
    push(1, { id: 1, data: DATA, sync: true });
    await settled();
    gate.latch("background errors", Date.now(), "io");
    expect(await answer()).toStrictEqual({ ticket: 1, statuses: [Status.Unhealthy], errors: null });
    expect([store.writes.size, store.syncs.size]).toStrictEqual([0, 0]);
  });
});
