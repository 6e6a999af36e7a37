import { getEventListeners } from "node:events";
import { createStatusMemory, ShardGate, WriteOp } from "@rockspool/core";
import { describe, expect, it } from "vitest";
import { Operation, type Place } from "./operation.ts";
import { OperationMeter } from "./operation-meter.ts";
import { Outcome } from "./outcome.ts";
import { WriteOperation } from "./write-operation.ts";

const CLAIM = { share: 0, bytes: 1, counter: null };

/** A place that notes who is withdrawn from it. */
class FakePlace implements Place {
  readonly withdrawn: unknown[] = [];
  readonly sent: boolean;

  constructor(sent: boolean) {
    this.sent = sent;
  }

  withdraw(operation: Operation<unknown>): boolean {
    this.withdrawn.push(operation);
    return this.sent;
  }
}

function underWay(signal?: AbortSignal) {
  const settled: unknown[] = [];
  const operation = new Operation<string>(new OperationMeter(), CLAIM, signal, (one) => settled.push(one));
  operation.promise.catch(() => {});
  return { operation, settled };
}

describe("an operation", () => {
  it("settles once: the first word counts, and is told once", async () => {
    const first = underWay();
    first.operation.resolve("a", Outcome.Found);
    first.operation.resolve("b", Outcome.Found);
    first.operation.reject("c");
    first.operation.giveUp(() => expect.fail("it is over"));
    expect(await first.operation.promise).toBe("a");
    expect(first.settled).toEqual([first.operation]);

    const second = underWay();
    second.operation.reject("c");
    second.operation.resolve("a", Outcome.Found);
    await expect(second.operation.promise).rejects.toBe("c");
    expect(second.settled).toEqual([second.operation]);
  });

  it("is settled, and waits nowhere, by the time that it tells of it", () => {
    const seen: unknown[] = [];
    const operation = new Operation<string>(new OperationMeter(), CLAIM, undefined, (one) =>
      seen.push(one.settled, one.place),
    );
    operation.place = new FakePlace(false);
    operation.resolve("a", Outcome.Found);
    expect(seen).toEqual([true, null]);
  });

  it("is sent when its place is", () => {
    const { operation } = underWay();
    expect(operation.sent).toBe(false);
    operation.place = new FakePlace(false);
    expect(operation.sent).toBe(false);
    operation.place = new FakePlace(true);
    expect(operation.sent).toBe(true);
  });

  it("that is given up before it waits anywhere cannot happen", async () => {
    const { operation } = underWay();
    operation.giveUp((canHappen) => canHappen);
    await expect(operation.promise).rejects.toBe(false);
  });

  it("that is given up where it waits is taken out, and cannot happen", async () => {
    const { operation } = underWay();
    const place = new FakePlace(false);
    operation.place = place;
    operation.giveUp((canHappen) => canHappen);
    await expect(operation.promise).rejects.toBe(false);
    expect(place.withdrawn).toEqual([operation]);
  });

  it("that is given up when it is sent can happen, and its place is told", async () => {
    const { operation } = underWay();
    const place = new FakePlace(true);
    operation.place = place;
    operation.giveUp((canHappen) => canHappen);
    await expect(operation.promise).rejects.toBe(true);
    expect(place.withdrawn).toEqual([operation]);
  });
});

describe("an operation with a signal", () => {
  it("is given up with the signal's reason, and taken out of its place", async () => {
    const abort = new AbortController();
    const { operation } = underWay(abort.signal);
    const place = new FakePlace(false);
    operation.place = place;
    const reason = { why: "enough" };
    abort.abort(reason);
    await expect(operation.promise).rejects.toBe(reason);
    expect(place.withdrawn).toEqual([operation]);
  });

  it("leaves no listener behind, however it settles", () => {
    const abort = new AbortController();
    const listeners = (): number => getEventListeners(abort.signal, "abort").length;
    const [a, b, c] = [underWay(abort.signal), underWay(abort.signal), underWay(abort.signal)];
    underWay(abort.signal);
    expect(listeners()).toBe(4);
    a.operation.resolve("a", Outcome.Found);
    b.operation.reject("b");
    c.operation.giveUp(() => "c");
    expect(listeners()).toBe(1);
    abort.abort();
    expect(listeners()).toBe(0);
  });

  it("that has settled does not hear of an abort", async () => {
    const abort = new AbortController();
    const { operation, settled } = underWay(abort.signal);
    operation.resolve("done", Outcome.Found);
    abort.abort();
    expect(await operation.promise).toBe("done");
    expect(settled).toHaveLength(1);
  });
});

describe("a write whose deadline came", () => {
  function write(callers: boolean) {
    const gate = new ShardGate(createStatusMemory(1), 0);
    const deadline = { ms: 1, callers, storeDeadlineMs: 40 };
    const remove = { op: WriteOp.Remove, id: new Uint8Array(16), data: null, sync: false, deadline };
    const operation = new WriteOperation(remove, gate, new OperationMeter(), CLAIM, undefined, () => {});
    operation.promise.catch(() => {});
    return { operation, gate };
  }

  it.each([
    [true, false, { name: "SpoolCallerDeadlineExceededError", outcome: "not-written" }],
    [true, true, { name: "SpoolCallerDeadlineExceededError", outcome: "unknown" }],
    [false, false, { name: "SpoolBackpressureTimeoutError", outcome: "not-written", deadlineMs: 40 }],
    [false, true, { name: "SpoolBackpressureTimeoutError", outcome: "unknown", deadlineMs: 40 }],
  ])("(the caller's: %s) while it was sent (%s) is rejected with %o", async (callers, sent, error) => {
    const { operation, gate } = write(callers);
    operation.place = new FakePlace(sent);
    operation.expire();
    await expect(operation.promise).rejects.toMatchObject(error);
    expect([gate.foregroundErrors, gate.latched]).toEqual([1, false]);
  });

  it("is counted once, and not at all where it had settled before", () => {
    const { operation, gate } = write(false);
    operation.resolve("written", Outcome.Written);
    operation.expire();
    operation.expire();
    expect(gate.foregroundErrors).toBe(0);
  });
});
