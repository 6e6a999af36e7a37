import { type ErrorRecord, Frame, Status, WriteFrameReader, WriteOp } from "@rockspool/core";
import { expect, it } from "vitest";
import { newGate, writeOperation } from "../../test/operations.ts";
import type { Write, WriteOperation } from "../operations/write-operation.ts";
import { createWriteLane } from "./write-lane.ts";

const gate = newGate();
const DEADLINE = { ms: 12_345.5, callers: false, storeDeadlineMs: 30_000 };
const ERROR: ErrorRecord = {
  code: "SPOOL_ENGINE",
  message: "no space",
  kind: "io",
  path: "/spool/shard-000",
  cause: null,
};

function operation(part: Partial<Write> = {}): WriteOperation {
  return writeOperation({ id: new Uint8Array(16).fill(0xab), deadline: DEADLINE, ...part }, { gate });
}

/** Sends the operations as one frame, answers each with its status, and returns how they settled. */
async function answered(
  operations: readonly WriteOperation[],
  statuses: readonly number[],
  errors: readonly ErrorRecord[] = [],
): Promise<PromiseSettledResult<unknown>[]> {
  const lane = createWriteLane();
  for (const each of operations) lane.append(each);
  let frame: Frame | undefined;
  lane.connect((buffer) => {
    frame = new Frame(buffer);
  });
  for (const [i, status] of statuses.entries()) frame?.setStatus(i, status as Status);
  lane.answered(frame as Frame, errors);
  return Promise.allSettled(operations.map(({ promise }) => promise));
}

it("a record carries the whole write: op, id, message, whether it must be synced, and its deadline", () => {
  const lane = createWriteLane();
  lane.append(operation({ sync: true }));
  lane.append(operation({ op: WriteOp.Remove, data: null, id: new Uint8Array(16).fill(7) }));
  lane.connect((buffer) => {
    const reader = new WriteFrameReader(buffer);
    const record = (i: number): object => {
      const data = [...reader.bodies.subarray(0, reader.storedLength(i))];
      return { op: reader.op(i), sync: reader.sync(i), deadlineMs: reader.deadlineMs(i), id: reader.id(i)[0], data };
    };
    expect(record(0)).toEqual({ op: WriteOp.Store, sync: true, deadlineMs: 12_345.5, id: 0xab, data: [1, 2, 3] });
    expect(record(1)).toEqual({ op: WriteOp.Remove, sync: false, deadlineMs: 12_345.5, id: 7, data: [] });
    expect(reader.count).toBe(2);
  });
  expect.assertions(3);
});

it("each write settles by its own status", async () => {
  const results = await answered(
    Array.from({ length: 4 }, () => operation()),
    [Status.Written, Status.Synced, Status.Unhealthy, Status.Failed],
    [ERROR],
  );
  expect(results).toMatchObject([
    { value: "written" },
    { value: "synced" },
    { reason: { code: "SPOOL_UNHEALTHY", outcome: "not-written", message: "the spool is not accepting writes" } },
    // It may still be found after a crash.
    { reason: { code: "SPOOL_ENGINE", outcome: "unknown", kind: "io", path: ERROR.path, message: "no space" } },
  ]);
});

it("the writes of a failed batch share one error, wherever they are in their frame", async () => {
  const operations = Array.from({ length: 3 }, () => operation());
  operations[0]?.cancel(() => "cancelled");
  const results = await answered(operations, [Status.Cancelled, Status.Failed, Status.Failed], [ERROR]);
  expect(results).toMatchObject([
    { reason: "cancelled" },
    { reason: { message: "no space", outcome: "unknown" } },
    { reason: { message: "no space", outcome: "unknown" } },
  ]);
});

it("a write that expired in the shard is not written; its error names the deadline, and it counts once", async () => {
  const before = gate.foregroundErrors;
  const callers = operation({ deadline: { ms: 1, callers: true, storeDeadlineMs: 30_000 } });
  const settled = operation();
  settled.reject("settled before");
  const results = await answered([callers, operation(), settled], Array(3).fill(Status.Expired));
  expect(results).toMatchObject([
    { reason: { code: "SPOOL_CALLER_DEADLINE", outcome: "not-written" } },
    { reason: { code: "SPOOL_BACKPRESSURE_TIMEOUT", outcome: "not-written", deadlineMs: 30_000 } },
    { reason: "settled before" },
  ]);
  expect(gate.foregroundErrors - before).toBe(2);
  expect(gate.latched).toBe(false);
});

it("an unknown or missing status, and a failure without its error, are bugs", async () => {
  for (const status of [Status.None, Status.Absent, 8, 99]) {
    await expect(answered([operation()], [status])).rejects.toThrow(`status ${status}`);
  }
  await expect(answered([operation()], [Status.Failed])).rejects.toThrow("bug");
});
