import { Frame, Status, WriteFrameReader, WriteOp } from "@rockspool/core";
import fc from "fast-check";
import { expect, it } from "vitest";
import { numberedId } from "../../test/lane.ts";
import { writeOperation } from "../../test/operations.ts";
import type { WriteOperation } from "../operations/write-operation.ts";
import { createWriteLane } from "./write-lane.ts";

/** Three fill a frame, so full frames wait too. */
const MESSAGE_BYTES = 300 * 1024;
const FULL = 3;
const data = new Uint8Array(MESSAGE_BYTES);

const LOST = "lost";
const NOT_SENT = "not sent";

interface Tracked {
  readonly number: number;
  readonly sync: boolean;
  readonly operation: WriteOperation;
  readonly outcomes: unknown[];
  /** What it must settle with; null while the model does not know. */
  expected: string | null;
}

/** The lane, and what must be true of it. */
class Model {
  readonly #lane = createWriteLane();
  readonly #all: Tracked[] = [];
  /** The frames that are not posted, as the numbers of their operations. */
  #waiting: number[][] = [];
  #inFlight: { readonly buffer: ArrayBuffer; readonly numbers: readonly number[]; readonly sync: boolean }[] = [];
  #connected = false;

  readonly #post = (buffer: ArrayBuffer): void => {
    expect(this.#connected, "nothing is sent without a connection").toBe(true);
    const numbers: number[] = [];
    const reader = new WriteFrameReader(buffer);
    for (let i = 0; i < reader.count; i++) {
      const number = new DataView(buffer).getUint32(reader.id(i).byteOffset);
      const { expected } = this.#all[number] as Tracked;
      expect(reader.op(i), "an operation that was cancelled before is cancelled in the frame").toBe(
        expected === null ? WriteOp.Store : WriteOp.Cancelled,
      );
      numbers.push(number);
    }
    expect(numbers, "in the order of the calls, as many as fit").toEqual(this.#head);
    expect(this.#roomForHead, "no more frames in flight than allowed").toBeGreaterThan(0);
    const sync = this.#headWaitsForSync;
    this.#waiting.shift();
    this.#inFlight.push({ buffer, numbers, sync });
  };

  /** The operations of the frame that is sent next. */
  get #head(): number[] {
    return this.#waiting[0] ?? [];
  }

  get #headWaitsForSync(): boolean {
    return this.#head.some((number) => this.#all[number]?.sync);
  }

  /**
   * How many frames of its kind may still be sent: an open one if none is in flight, a full one as the second, or third
   * for a sync.
   */
  get #roomForHead(): number {
    const sync = this.#headWaitsForSync;
    const inFlight = this.#inFlight.filter((frame) => frame.sync === sync).length;
    if (this.#waiting.length === 1) return 1 - inFlight;
    return (sync ? 3 : 2) - inFlight;
  }

  append(sync: boolean): void {
    const number = this.#all.length;
    const operation = writeOperation({ id: numberedId(number), data, sync });
    const tracked: Tracked = { number, sync, operation, outcomes: [], expected: null };
    const note = (outcome: unknown): void => void tracked.outcomes.push(outcome);
    operation.promise.then(note, note);
    this.#all.push(tracked);
    const open = this.#waiting.at(-1);
    if (open === undefined || open.length === FULL) this.#waiting.push([number]);
    else open.push(number);
    this.#lane.append(operation);
  }

  answer(choice: number, synced: boolean): void {
    const [answered] = this.#inFlight.splice(choice % Math.max(this.#inFlight.length, 1), 1);
    if (answered === undefined) return;
    const frame = new Frame(answered.buffer);
    for (const [i, number] of answered.numbers.entries()) {
      this.#expect(number, synced ? "synced" : "written");
      frame.setStatus(i, synced ? Status.Synced : Status.Written);
    }
    this.#lane.answered(frame, []);
  }

  cancel(choice: number): void {
    const tracked = this.#all[choice % Math.max(this.#all.length, 1)];
    if (tracked === undefined) return;
    this.#expect(tracked.number, this.#waiting.flat().includes(tracked.number) ? "not-written" : "unknown");
    // A frame whose operations are all cancelled is not sent.
    const isDone = (number: number): boolean => this.#all[number]?.expected !== null;
    this.#waiting = this.#waiting.filter((numbers) => !numbers.every(isDone));
    tracked.operation.cancel((sent) => (sent ? "unknown" : "not-written"));
  }

  die(): void {
    this.#connected = false;
    for (const { numbers } of this.#inFlight) for (const number of numbers) this.#expect(number, LOST);
    for (const number of this.#waiting.flat()) this.#expect(number, NOT_SENT);
    this.#inFlight = [];
    this.#waiting = [];
    this.#lane.disconnect();
    this.#lane.rejectSent(() => LOST);
    this.#lane.rejectWaiting(() => NOT_SENT);
  }

  connect(): void {
    if (this.#connected) return;
    this.#connected = true;
    this.#lane.connect(this.#post);
  }

  /** Before the thread is closed: nothing is sent, and the sent frames are answered. */
  hold(): void {
    this.#connected = false;
    void this.#lane.hold();
  }

  async endOfTurn(): Promise<void> {
    for (let i = 0; i < 3; i++) await Promise.resolve();
    if (!this.#connected || this.#waiting.length === 0) return;
    expect(this.#roomForHead, "no frame waits that may be sent").toBeLessThanOrEqual(0);
  }

  async end(): Promise<void> {
    this.connect();
    while (this.#waiting.length > 0 || this.#inFlight.length > 0) {
      await this.endOfTurn();
      this.answer(0, true);
    }
    await this.endOfTurn();
    expect(this.#all.map(({ outcomes }) => outcomes)).toEqual(this.#all.map(({ expected }) => [expected]));
  }

  /** The first outcome counts. */
  #expect(number: number, outcome: string): void {
    const tracked = this.#all[number] as Tracked;
    tracked.expected ??= outcome;
  }
}

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ does: fc.constant("append" as const), sync: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({ does: fc.constant("answer" as const), choice: fc.nat(3), synced: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("cancel" as const), choice: fc.nat(100) }) },
  { weight: 4, arbitrary: fc.constant({ does: "end turn" } as const) },
  { weight: 2, arbitrary: fc.constant({ does: "connect" } as const) },
  { weight: 1, arbitrary: fc.constant({ does: "hold" } as const) },
  { weight: 1, arbitrary: fc.constant({ does: "die" } as const) },
);

it("settles every operation once with its true outcome, and keeps their order (model test)", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), async (steps) => {
      const model = new Model();
      model.connect();
      for (const does of steps) {
        if (does.does === "append") model.append(does.sync);
        else if (does.does === "answer") model.answer(does.choice, does.synced);
        else if (does.does === "cancel") model.cancel(does.choice);
        else if (does.does === "connect") model.connect();
        else if (does.does === "hold") model.hold();
        else if (does.does === "die") model.die();
        else await model.endOfTurn();
      }
      await model.end();
    }),
    { numRuns: 150, seed: 20 },
  );
});
