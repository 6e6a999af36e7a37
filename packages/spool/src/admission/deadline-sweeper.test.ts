import { createStatusMemory, Frame, ShardGate, Status, WriteFrameReader, WriteOp } from "@rockspool/core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { writeOperation } from "../../test/operations.ts";
import { createWriteLane } from "../lanes/write-lane.ts";
import { Outcome } from "../operations/outcome.ts";
import type { WriteOperation } from "../operations/write-operation.ts";
import { WriteQueue } from "./write-queue.ts";

/** Longer than from a deadline to the sweep that sees it, for a write that is not sent. */
const SWEEP_MS = 30;
/** The same for a write that is sent. */
const SENT_SWEEP_MS = 60;
const QUOTA_BYTES = 10;
const QUEUE_BYTES = 2 * QUOTA_BYTES;
const STORE_DEADLINE_MS = 1_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

interface Store {
  readonly shard?: number;
  readonly bytes?: number;
  readonly callersMs?: number;
}

/** A write queue and the lanes of two shards, without a thread. */
class Setting {
  readonly #memory = createStatusMemory(2);
  readonly gates = [0, 1].map((shard) => new ShardGate(this.#memory, shard));
  readonly lanes = [createWriteLane(), createWriteLane()];
  readonly posted: ArrayBuffer[] = [];
  readonly queue = new WriteQueue(QUEUE_BYTES, this.gates, (operation) =>
    this.lanes[operation.reservation.shard]?.append(operation),
  );

  store({ shard = 0, bytes = 0, callersMs = Number.POSITIVE_INFINITY }: Store = {}): WriteOperation {
    const spoolsMs = Date.now() + STORE_DEADLINE_MS;
    const ms = Math.min(callersMs, spoolsMs);
    const deadline = { ms, callers: callersMs < spoolsMs, storeDeadlineMs: STORE_DEADLINE_MS };
    const gate = this.gates[shard] as ShardGate;
    const operation = writeOperation({ deadline }, { gate, reservation: { shard, bytes, limit: null } });
    this.queue.enter(operation);
    return operation;
  }

  /** Connects a shard's lane to a shard that does not answer. */
  connect(shard = 0): void {
    this.lanes[shard]?.connect((buffer) => void this.posted.push(buffer));
  }
}

/** What the operation was settled with; null while it is pending. */
async function outcome(operation: WriteOperation): Promise<unknown> {
  return operation.settled ? operation.promise.catch((error: unknown) => error) : null;
}

describe("a deadline that passes", () => {
  it("while the write is queued: it is not written, and those behind it are admitted", async () => {
    const setting = new Setting();
    setting.connect();
    setting.store({ bytes: 5 });
    const late = setting.store({ bytes: 8, callersMs: Date.now() + 100 });
    const behind = setting.store({ bytes: 5 });
    vi.advanceTimersByTime(99);
    expect([await outcome(late), setting.queue.queued]).toEqual([null, [late, behind]]);
    vi.advanceTimersByTime(SWEEP_MS);
    expect(await outcome(late)).toMatchObject({ code: "SPOOL_CALLER_DEADLINE", outcome: "not-written" });
    expect([setting.queue.queued, behind.settled], "it is in a frame").toEqual([[], false]);
  });

  it("before the write's frame is sent: it is not written, and its record is cancelled", async () => {
    const setting = new Setting();
    const late = setting.store({ callersMs: Date.now() + 100 });
    const inTime = setting.store();
    vi.advanceTimersByTime(100 + SWEEP_MS);
    expect(await outcome(late)).toMatchObject({ code: "SPOOL_CALLER_DEADLINE", outcome: "not-written" });
    expect(await outcome(inTime)).toBeNull();
    setting.connect();
    const reader = new WriteFrameReader(setting.posted[0] as ArrayBuffer);
    expect([reader.count, reader.op(0), reader.op(1)]).toEqual([2, WriteOp.Cancelled, WriteOp.Store]);
  });

  it("after the write is sent: its outcome is unknown, once the shard has had time to answer", async () => {
    const setting = new Setting();
    const late = setting.store({ callersMs: Date.now() + 100 });
    setting.connect();
    expect(late.sent).toBe(true);
    vi.advanceTimersByTime(100 + 25);
    expect(await outcome(late), "the shard's own answer may be on its way").toBeNull();
    vi.advanceTimersByTime(SENT_SWEEP_MS - 25);
    expect(await outcome(late)).toMatchObject({ code: "SPOOL_CALLER_DEADLINE", outcome: "unknown" });
  });

  it("after the write is sent: the shard's answer decides if it comes in time", async () => {
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

  it("has another error if it is storeDeadline, with its length", async () => {
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

  it("counts as a foreground error of the write's own shard, and does not latch", () => {
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
  it("refuses its shard's writes that are not sent, queued or in a frame, and no others", async () => {
    const setting = new Setting();
    setting.connect();
    const sent = setting.store();
    await Promise.resolve();
    setting.lanes[0]?.disconnect();
    const inFrame = setting.store({ bytes: QUEUE_BYTES });
    const queued = setting.store({ bytes: 1 });
    const others = setting.store({ shard: 1, bytes: 1 });
    expect([sent.sent, inFrame.sent, setting.queue.queued]).toEqual([true, false, [queued, others]]);
    setting.gates[0]?.latch("io", Date.now(), "io");
    vi.advanceTimersByTime(SWEEP_MS);
    const unhealthy = { code: "SPOOL_UNHEALTHY", outcome: "not-written" };
    expect(await outcome(inFrame)).toMatchObject(unhealthy);
    expect(await outcome(queued)).toMatchObject(unhealthy);
    expect([await outcome(sent), await outcome(others)]).toEqual([null, null]);
    expect(setting.queue.queued, "the other shard's is admitted").toEqual([]);
    expect(setting.gates[0]?.foregroundErrors, "a refusal is no error").toBe(0);
  });

  it("again refuses the writes that came since, though no sweep saw it open", async () => {
    const setting = new Setting();
    const [gate] = setting.gates as [ShardGate];
    setting.store({ shard: 1 });
    gate.latch("io", Date.now(), "io");
    vi.advanceTimersByTime(SWEEP_MS);
    gate.clear(0, "force");
    const later = setting.store();
    vi.setSystemTime(Date.now() + 1);
    gate.latch("io", Date.now(), "io");
    vi.advanceTimersByTime(SWEEP_MS);
    expect(await outcome(later)).toMatchObject({ code: "SPOOL_UNHEALTHY" });
  });

  it("does not replace the error of a deadline that passed before the sweep", async () => {
    const setting = new Setting();
    const late = setting.store({ callersMs: Date.now() + 10 });
    setting.gates[0]?.latch("io", Date.now(), "io");
    vi.advanceTimersByTime(SWEEP_MS);
    expect(await outcome(late)).toMatchObject({ code: "SPOOL_CALLER_DEADLINE" });
  });
});

describe("the timer", () => {
  it("is one for all writes, and none before the first", () => {
    const setting = new Setting();
    expect(vi.getTimerCount()).toBe(0);
    for (let i = 0; i < 100; i++) setting.store();
    expect(vi.getTimerCount()).toBe(1);
  });

  it("ends in the first sweep that finds no write, and starts again with the next write", () => {
    const setting = new Setting();
    setting.store().resolve("written", Outcome.Written);
    expect(vi.getTimerCount(), "writes made one after another share it").toBe(1);
    vi.advanceTimersByTime(SWEEP_MS);
    expect(vi.getTimerCount()).toBe(0);
    setting.store();
    vi.advanceTimersByTime(10 * SWEEP_MS);
    expect(vi.getTimerCount(), "it runs while a write is pending").toBe(1);
  });

  it("goes on if a write comes before the next sweep", async () => {
    const setting = new Setting();
    setting.store().resolve("written", Outcome.Written);
    const late = setting.store({ callersMs: Date.now() + 100 });
    vi.advanceTimersByTime(100 + SWEEP_MS);
    expect(await outcome(late)).toMatchObject({ code: "SPOOL_CALLER_DEADLINE" });
  });

  it("ends when the queue is closed and its last write has settled", async () => {
    const setting = new Setting();
    const last = setting.store();
    const closing = setting.queue.close();
    expect(vi.getTimerCount()).toBe(1);
    last.resolve("written", Outcome.Written);
    await closing;
    expect(vi.getTimerCount()).toBe(0);
    await setting.queue.close();
  });
});
