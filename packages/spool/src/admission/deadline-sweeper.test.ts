import { createStatusMemory, Frame, ShardGate, Status, WriteFrameReader, WriteOp } from "@rockspool/core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createWriteLane } from "../lanes/write-lane.ts";
import { LoadOperation } from "../operations/load-operation.ts";
import { OperationMeter } from "../operations/operation-meter.ts";
import { Outcome } from "../operations/outcome.ts";
import { WriteOperation } from "../operations/write-operation.ts";
import { Line } from "./admission-queue.ts";
import { Sweeper } from "./deadline-sweeper.ts";

/** Longer than from a deadline to the sweep that sees it, for what waits here. */
const SWEEP_MS = 30;
/** The same for what is with a shard. */
const SENT_SWEEP_MS = 60;
const LINE_BYTES = 10;
const STORE_DEADLINE_MS = 1_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A spool's line and two shards, without a thread. */
class Setting {
  readonly line = new Line(LINE_BYTES, 1);
  readonly #memory = createStatusMemory(2);
  readonly gates = [0, 1].map((shard) => new ShardGate(this.#memory, shard));
  readonly lanes = [createWriteLane(), createWriteLane()];
  readonly posted: ArrayBuffer[] = [];
  readonly sweeper = new Sweeper(this.gates);

  /** A store that goes on to its lane as soon as the line lets it through. */
  store({ shard = 0, bytes = 0, callersMs = Number.POSITIVE_INFINITY } = {}): WriteOperation {
    const spoolsMs = Date.now() + STORE_DEADLINE_MS;
    const ms = Math.min(callersMs, spoolsMs);
    const deadline = { ms, callers: callersMs < spoolsMs, storeDeadlineMs: STORE_DEADLINE_MS };
    const write = { op: WriteOp.Store, id: new Uint8Array(16), data: new Uint8Array(1), sync: false, deadline };
    const gate = this.gates[shard] as ShardGate;
    const operation = new WriteOperation(
      write,
      gate,
      new OperationMeter(),
      { share: 0, bytes, counter: null },
      undefined,
      (one) => {
        this.sweeper.leave(one as WriteOperation);
      },
    );
    operation.promise.catch(() => {});
    this.sweeper.watch(operation);
    this.line.enter(operation, () => this.lanes[shard]?.append(operation));
    return operation;
  }

  /** Connects a shard's lane, to a shard that does not answer. */
  connect(shard = 0): void {
    this.lanes[shard]?.connect((buffer) => void this.posted.push(buffer));
  }
}

/** What the operation came to; null while it is under way. */
async function outcome(operation: WriteOperation): Promise<unknown> {
  return operation.settled ? operation.promise.catch((error: unknown) => error) : null;
}

describe("a deadline", () => {
  it("of one who waits in line: not written, and those behind pass", async () => {
    const setting = new Setting();
    setting.connect();
    setting.store({ bytes: 5 });
    const late = setting.store({ bytes: 8, callersMs: Date.now() + 100 });
    const behind = setting.store({ bytes: 5 });
    vi.advanceTimersByTime(99);
    expect([await outcome(late), setting.line.operations]).toEqual([null, [late, behind]]);
    vi.advanceTimersByTime(SWEEP_MS);
    expect(await outcome(late)).toMatchObject({ code: "SPOOL_CALLER_DEADLINE", outcome: "not-written" });
    expect([setting.line.operations, behind.settled], "it is in a frame").toEqual([[], false]);
  });

  it("of one in a frame that waits: not written, and void in the frame", async () => {
    const setting = new Setting();
    const late = setting.store({ callersMs: Date.now() + 100 });
    const inTime = setting.store();
    vi.advanceTimersByTime(100 + SWEEP_MS);
    expect(await outcome(late)).toMatchObject({ code: "SPOOL_CALLER_DEADLINE", outcome: "not-written" });
    expect(await outcome(inTime)).toBeNull();
    setting.connect();
    const reader = new WriteFrameReader(setting.posted[0] as ArrayBuffer);
    expect([reader.next(), reader.op, reader.next(), reader.op]).toEqual([
      true,
      WriteOp.Cancelled,
      true,
      WriteOp.Store,
    ]);
  });

  it("of one that is with the shard: unknown, once the shard has had the time to say better", async () => {
    const setting = new Setting();
    const late = setting.store({ callersMs: Date.now() + 100 });
    setting.connect();
    expect(late.sent).toBe(true);
    vi.advanceTimersByTime(100 + 25);
    expect(await outcome(late), "the shard's own answer may be on its way").toBeNull();
    vi.advanceTimersByTime(SENT_SWEEP_MS - 25);
    expect(await outcome(late)).toMatchObject({ code: "SPOOL_CALLER_DEADLINE", outcome: "unknown" });
  });

  it("that the shard answers for in time has the shard's answer", async () => {
    const setting = new Setting();
    const late = setting.store({ callersMs: Date.now() + 100 });
    setting.connect();
    vi.advanceTimersByTime(100 + 25);
    const frame = new Frame(setting.posted[0] as ArrayBuffer);
    frame.setStatus(0, Status.Expired);
    setting.lanes[0]?.answered(frame, []);
    expect(await outcome(late)).toMatchObject({ code: "SPOOL_CALLER_DEADLINE", outcome: "not-written" });
    vi.advanceTimersByTime(SENT_SWEEP_MS);
    expect(setting.gates[0]?.foregroundErrors, "counted once").toBe(1);
  });

  it("of the spool's own is another error, and says how long it was", async () => {
    const setting = new Setting();
    const own = setting.store();
    const callers = setting.store({ callersMs: Date.now() + STORE_DEADLINE_MS - 1 });
    vi.advanceTimersByTime(STORE_DEADLINE_MS + SWEEP_MS);
    expect(await outcome(own)).toMatchObject({
      code: "SPOOL_BACKPRESSURE_TIMEOUT",
      deadlineMs: STORE_DEADLINE_MS,
      outcome: "not-written",
    });
    expect(await outcome(callers)).toMatchObject({ code: "SPOOL_CALLER_DEADLINE" });
  });

  it("counts as an error in the foreground of its own shard, and latches nothing", () => {
    const setting = new Setting();
    setting.store({ shard: 1, callersMs: Date.now() + 100 });
    setting.store({ shard: 1, callersMs: Date.now() + 100 });
    vi.advanceTimersByTime(100 + SWEEP_MS);
    vi.advanceTimersByTime(100);
    expect(setting.gates.map(({ foregroundErrors }) => foregroundErrors)).toEqual([0, 2]);
    expect(setting.gates.map(({ latched }) => latched)).toEqual([false, false]);
  });
});

describe("a gate that latches", () => {
  it("refuses who waits in line or in a frame for it, not those who are with the shard, nor another shard's", async () => {
    const setting = new Setting();
    setting.connect();
    const sent = setting.store();
    await Promise.resolve();
    setting.lanes[0]?.disconnect();
    const inFrame = setting.store({ bytes: LINE_BYTES });
    const inLine = setting.store({ bytes: 1 });
    const others = setting.store({ shard: 1, bytes: 1 });
    expect([sent.sent, inFrame.sent, setting.line.operations]).toEqual([true, false, [inLine, others]]);
    setting.gates[0]?.latch("io", Date.now(), "io");
    vi.advanceTimersByTime(SWEEP_MS);
    const unhealthy = { code: "SPOOL_UNHEALTHY", outcome: "not-written" };
    expect(await outcome(inFrame)).toMatchObject(unhealthy);
    expect(await outcome(inLine)).toMatchObject(unhealthy);
    expect([await outcome(sent), await outcome(others)]).toEqual([null, null]);
    expect(setting.line.operations, "the other has gone on").toEqual([]);
    expect(setting.gates[0]?.foregroundErrors, "a refusal is no error").toBe(0);
  });

  it("a second time refuses who waits by then, though no sweep saw it open", async () => {
    const setting = new Setting();
    const [gate] = setting.gates as [ShardGate];
    setting.store({ shard: 1 });
    gate.latch("io", Date.now(), "io");
    vi.advanceTimersByTime(SWEEP_MS);
    gate.clear(0, "force");
    const waits = setting.store();
    vi.setSystemTime(Date.now() + 1);
    gate.latch("io", Date.now(), "io");
    vi.advanceTimersByTime(SWEEP_MS);
    expect(await outcome(waits)).toMatchObject({ code: "SPOOL_UNHEALTHY" });
  });

  it("leaves a deadline that came first its word", async () => {
    const setting = new Setting();
    const late = setting.store({ callersMs: Date.now() + 10 });
    setting.gates[0]?.latch("io", Date.now(), "io");
    vi.advanceTimersByTime(SWEEP_MS);
    expect(await outcome(late)).toMatchObject({ code: "SPOOL_CALLER_DEADLINE" });
  });
});

describe("the timer", () => {
  it("is one, however many there are to watch, and none before", () => {
    const setting = new Setting();
    expect(vi.getTimerCount()).toBe(0);
    for (let i = 0; i < 100; i++) setting.store();
    expect(vi.getTimerCount()).toBe(1);
  });

  it("ends at its next turn when there is nothing more to watch, and starts again", () => {
    const setting = new Setting();
    setting.store().resolve("written", Outcome.Written);
    expect(vi.getTimerCount(), "calls one by one share it").toBe(1);
    vi.advanceTimersByTime(SWEEP_MS);
    expect(vi.getTimerCount()).toBe(0);
    setting.store();
    vi.advanceTimersByTime(10 * SWEEP_MS);
    expect(vi.getTimerCount(), "it goes on as long as there is something").toBe(1);
  });

  it("goes on where something came before its next turn", async () => {
    const setting = new Setting();
    setting.store().resolve("written", Outcome.Written);
    const late = setting.store({ callersMs: Date.now() + 100 });
    vi.advanceTimersByTime(100 + SWEEP_MS);
    expect(await outcome(late)).toMatchObject({ code: "SPOOL_CALLER_DEADLINE" });
  });

  it("ends when it is told to, and more than once", () => {
    const setting = new Setting();
    setting.store();
    setting.sweeper.end();
    setting.sweeper.end();
    expect(vi.getTimerCount()).toBe(0);
  });
});

it("a load in the line is left alone: it has no deadline", () => {
  const setting = new Setting();
  setting.store({ bytes: LINE_BYTES });
  const load = new LoadOperation(
    new Uint8Array(16),
    new OperationMeter(),
    { share: 0, bytes: 1, counter: null },
    undefined,
    () => {},
  );
  setting.line.enter(load, () => {});
  setting.gates[0]?.latch("io", Date.now(), "io");
  vi.advanceTimersByTime(SWEEP_MS);
  expect(load.settled).toBe(false);
});
