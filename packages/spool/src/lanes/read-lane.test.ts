import { type ErrorRecord, Frame, MAX_FRAME_RECORDS, READ_FRAME_BYTES, ReadFrameReader, Status } from "@rockspool/core";
import { expect, it } from "vitest";
import { loadOperation } from "../../test/operations.ts";
import type { LoadOperation } from "../operations/load-operation.ts";
import { createReadLane } from "./read-lane.ts";

const ID_DIGITS = "d2c4a5e0586a11ef9b2ac5abcdef0123";
const ERROR: ErrorRecord = { code: "SPOOL_ENGINE", message: "bad block", kind: "corruption", path: "/s", cause: null };

function load(): LoadOperation {
  return loadOperation(Buffer.from(ID_DIGITS, "hex"));
}

/** A lane whose frames the test answers. */
function connected() {
  const lane = createReadLane();
  const posted: ArrayBuffer[] = [];
  lane.connect((buffer) => void posted.push(buffer));
  const next = async (): Promise<ReadFrameReader> => {
    await Promise.resolve();
    return new ReadFrameReader(posted.shift() as ArrayBuffer);
  };
  return { lane, next };
}

it("each load settles with the message of its id, with its absence, or with the read's error", async () => {
  const { lane, next } = connected();
  const loads = Array.from({ length: 5 }, () => load());
  for (const each of loads) lane.append(each);
  const frame = await next();
  expect(Buffer.from(frame.id(4)).toString("hex")).toBe(ID_DIGITS);
  const { Found, Absent, Failed } = Status;
  const messages = [Uint8Array.of(1, 2), null, null, new Uint8Array(0), Uint8Array.of(3)];
  const answer = frame.answer([Found, Absent, Failed, Found, Found], messages);
  lane.answered(new Frame(answer), [null, null, ERROR, null, null]);
  expect(await Promise.allSettled(loads.map(({ promise }) => promise))).toMatchObject([
    { value: Uint8Array.of(1, 2) },
    { reason: { code: "SPOOL_NOT_FOUND", id: ID_DIGITS, message: `no such key ${ID_DIGITS}` } },
    { reason: { code: "SPOOL_ENGINE", kind: "corruption", message: "bad block" } },
    { value: new Uint8Array(0) },
    { value: Uint8Array.of(3) },
  ]);
});

it("the message of a cancelled load is skipped in the answer, and its neighbour gets its own", async () => {
  const { lane, next } = connected();
  const [a, b] = [load(), load()];
  lane.append(a);
  lane.append(b);
  a.cancel(() => "cancelled");
  const frame = await next();
  lane.answered(new Frame(frame.answer([Status.Found, Status.Found], [Uint8Array.of(1), Uint8Array.of(2)])), []);
  await expect(a.promise).rejects.toBe("cancelled");
  expect(await b.promise).toEqual(Uint8Array.of(2));
});

it("frames of 256 ids are small; the larger buffer of an answer is used again up to the usual size", async () => {
  const { lane, next } = connected();
  for (let i = 0; i < MAX_FRAME_RECORDS + 1; i++) lane.append(load());
  const full = await next();
  expect([full.count, full.buffer.byteLength]).toEqual([MAX_FRAME_RECORDS, READ_FRAME_BYTES]);
  lane.answered(
    new Frame(full.answer(Array(MAX_FRAME_RECORDS).fill(Status.Absent), Array(MAX_FRAME_RECORDS).fill(null))),
    [],
  );
  const rest = await next();
  expect(rest.count).toBe(1);
  const grown = rest.answer([Status.Found], [new Uint8Array(READ_FRAME_BYTES)]);
  lane.answered(new Frame(grown), []);
  lane.append(load());
  const again = await next();
  expect(again.buffer).toBe(grown);
  const huge = again.answer([Status.Found], [new Uint8Array(2 * 1024 * 1024)]);
  lane.answered(new Frame(huge), []);
  lane.append(load());
  expect((await next()).buffer).not.toBe(huge);
});

it("a message is a copy: the next use of its frame does not change it", async () => {
  const { lane, next } = connected();
  const first = load();
  lane.append(first);
  lane.answered(new Frame((await next()).answer([Status.Found], [Uint8Array.of(1, 2, 3)])), []);
  const message = await first.promise;
  expect(message.buffer.byteLength, "memory of its own").toBe(3);
  lane.append(load());
  (await next()).answer([Status.Found], [Uint8Array.of(9, 9, 9)]);
  expect([...message]).toEqual([1, 2, 3]);
});

it("a status that no shard gives is a bug", async () => {
  const { lane, next } = connected();
  lane.append(load());
  const frame = await next();
  frame.setStatus(0, Status.Synced);
  expect(() => lane.answered(frame, [])).toThrow("status 2");
});
