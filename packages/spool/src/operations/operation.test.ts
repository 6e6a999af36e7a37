import { getEventListeners } from "node:events";
import { WriteOp } from "@rockspool/core";
import { describe, expect, it } from "vitest";
import { NO_RESERVATION, newGate, writeOperation } from "../../test/operations.ts";
import { type Admission, type Holder, Operation } from "./operation.ts";
import { OperationMeter } from "./operation-meter.ts";
import { Outcome } from "./outcome.ts";

/** A holder that records which operations are cancelled. */
class FakeHolder implements Holder {
  readonly cancelled: unknown[] = [];
  readonly sent: boolean;

  constructor(sent: boolean) {
    this.sent = sent;
  }

  cancel(operation: Operation<unknown>): boolean {
    this.cancelled.push(operation);
    return this.sent;
  }
}

/** An admission queue that records its calls, and how the operation looks then. */
class FakeAdmission implements Admission {
  readonly calls: object[] = [];

  settled({ settled, holder }: Operation<unknown>, held: boolean): void {
    this.calls.push({ settled, holder, held });
  }

  release(): void {
    this.calls.push({ released: true });
  }
}

function pending(signal?: AbortSignal) {
  const operation = new Operation<string>(new OperationMeter(), NO_RESERVATION, signal);
  operation.promise.catch(() => {});
  const admission = new FakeAdmission();
  operation.admission = admission;
  return { operation, admission };
}

/** The call for an operation whose bytes are not held. */
const SETTLED = { settled: true, holder: null, held: false };

describe("an operation", () => {
  it("settles once, by the first call, and tells its admission queue once", async () => {
    const first = pending();
    first.operation.resolve("a", Outcome.Found);
    first.operation.resolve("b", Outcome.Found);
    first.operation.reject("c");
    first.operation.cancel(() => expect.fail("it has settled"));
    expect(await first.operation.promise).toBe("a");
    expect(first.admission.calls).toEqual([SETTLED]);

    const second = pending();
    second.operation.reject("c");
    second.operation.resolve("a", Outcome.Found);
    await expect(second.operation.promise).rejects.toBe("c");
    expect(second.admission.calls).toEqual([SETTLED]);
  });

  it("is settled and has no holder when it tells its admission queue", () => {
    const { operation, admission } = pending();
    operation.holder = new FakeHolder(false);
    operation.resolve("a", Outcome.Found);
    expect(admission.calls).toEqual([SETTLED]);
  });

  it("is sent if its holder is", () => {
    const { operation } = pending();
    expect(operation.sent).toBe(false);
    operation.holder = new FakeHolder(false);
    expect(operation.sent).toBe(false);
    operation.holder = new FakeHolder(true);
    expect(operation.sent).toBe(true);
  });

  it("cancelled before it has a holder is not sent", async () => {
    const { operation } = pending();
    operation.cancel((sent) => sent);
    await expect(operation.promise).rejects.toBe(false);
  });

  it("cancelled before it is sent is taken out of its holder", async () => {
    const { operation } = pending();
    const holder = new FakeHolder(false);
    operation.holder = holder;
    operation.cancel((sent) => sent);
    await expect(operation.promise).rejects.toBe(false);
    expect(holder.cancelled).toEqual([operation]);
  });

  it("cancelled after it is sent may still happen, and its bytes are held until they are released", async () => {
    const { operation, admission } = pending();
    const holder = new FakeHolder(true);
    operation.holder = holder;
    operation.cancel((sent) => sent);
    await expect(operation.promise).rejects.toBe(true);
    expect(holder.cancelled).toEqual([operation]);
    operation.release();
    operation.release();
    expect(admission.calls, "released once").toEqual([{ ...SETTLED, held: true }, { released: true }]);
  });
});

describe("an operation with a signal", () => {
  it("is cancelled with the signal's reason, and taken out of its holder", async () => {
    const abort = new AbortController();
    const { operation } = pending(abort.signal);
    const holder = new FakeHolder(false);
    operation.holder = holder;
    const reason = { why: "enough" };
    abort.abort(reason);
    await expect(operation.promise).rejects.toBe(reason);
    expect(holder.cancelled).toEqual([operation]);
  });

  it("leaves no listener behind, however it settles", () => {
    const abort = new AbortController();
    const listeners = (): number => getEventListeners(abort.signal, "abort").length;
    const [a, b, c] = [pending(abort.signal), pending(abort.signal), pending(abort.signal)];
    pending(abort.signal);
    expect(listeners()).toBe(4);
    a.operation.resolve("a", Outcome.Found);
    b.operation.reject("b");
    c.operation.cancel(() => "c");
    expect(listeners()).toBe(1);
    abort.abort();
    expect(listeners()).toBe(0);
  });

  it("that has settled ignores an abort", async () => {
    const abort = new AbortController();
    const { operation, admission } = pending(abort.signal);
    operation.resolve("done", Outcome.Found);
    abort.abort();
    expect(await operation.promise).toBe("done");
    expect(admission.calls).toHaveLength(1);
  });
});

describe("a write whose deadline has passed", () => {
  function remove(callers: boolean) {
    const gate = newGate();
    const deadline = { ms: 1, callers, storeDeadlineMs: 40 };
    return { operation: writeOperation({ op: WriteOp.Remove, data: null, deadline }, { gate }), gate };
  }

  it.each([
    [true, false, { name: "SpoolCallerDeadlineExceededError", outcome: "not-written" }],
    [true, true, { name: "SpoolCallerDeadlineExceededError", outcome: "unknown" }],
    [false, false, { name: "SpoolBackpressureTimeoutError", outcome: "not-written", deadlineMs: 40 }],
    [false, true, { name: "SpoolBackpressureTimeoutError", outcome: "unknown", deadlineMs: 40 }],
  ])("(the caller's: %s; sent: %s) is rejected with %o", async (callers, sent, error) => {
    const { operation, gate } = remove(callers);
    operation.holder = new FakeHolder(sent);
    operation.expire();
    await expect(operation.promise).rejects.toMatchObject(error);
    expect([gate.foregroundErrors, gate.latched]).toEqual([1, false]);
  });

  it("counts no foreground error if it had settled before", () => {
    const { operation, gate } = remove(false);
    operation.resolve("written", Outcome.Written);
    operation.expire();
    operation.expire();
    expect(gate.foregroundErrors).toBe(0);
  });
});
