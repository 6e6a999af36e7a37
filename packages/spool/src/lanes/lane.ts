import { FRAME_BUFFER_BYTES, type Frame, type FrameWriter, must } from "@rockspool/core";
import type { FrameFailure } from "@rockspool/worker";
import type { Operation, Place } from "../operations/operation.ts";

/**
 * One kind of operation on its way to one shard, frame by frame:
 *
 *     append ──▶ open frame ──full──▶ full frames ──┐
 *                    └──────────end of turn─────────┴──▶ sent ──▶ answered
 *
 * The open frame leaves at the end of the microtask turn if few enough of its kind are with the shard, else when one of those comes back. So
 * frames grow by themselves under load, and one operation alone leaves at once. Frames that wait for a sync are counted
 * apart, so that one with no such operation in it does not wait for them; but what shares a frame with one is answered with it.
 *
 * One that is given up leaves its bytes in its frame, until that comes back, or until nobody waits for anything in it and it has not left.
 */

/** One frame that the shard works on, and one that is there when it is done: a third gains nothing and waits. */
const MAX_FRAMES_IN_FLIGHT = 2;

/**
 * A frame with fewer records leaves alone: as the second it would save one hop, and cost four. Without this rule all takes 15 % more CPU
 * at 64 to 512 in flight; where only full frames go beside others, 512 loads are 10 % slower, and 64 stores 7 %.
 */
const MIN_RECORDS_BESIDE_OTHERS = 16;

/** One that is being synced, one that is written and waits for the next sync, and one that is being written. */
const MAX_FRAMES_WITH_A_SYNC = 3;

/** As many as are in flight at most, two without a sync and three with one, and the one that fills up. */
const MAX_SPARE_BUFFERS = 6;

/** A frame and those who wait for it. */
class Slot<W extends FrameWriter, O extends Operation<unknown>> implements Place {
  readonly writer: W;
  readonly operations: O[] = [];
  /** Those of them that were given up, and whose bytes it holds. */
  readonly withdrawn: O[] = [];
  sent = false;
  readonly #withdraw: (slot: Slot<W, O>, operation: O) => boolean;

  constructor(writer: W, withdraw: (slot: Slot<W, O>, operation: O) => boolean) {
    this.writer = writer;
    this.#withdraw = withdraw;
  }

  withdraw(operation: O): boolean {
    return this.#withdraw(this, operation);
  }

  reject(reason: () => unknown): void {
    for (const operation of this.operations) operation.reject(reason());
    this.letGo();
  }

  /** Its buffer is free. */
  letGo(): void {
    for (const operation of this.withdrawn) operation.letGo();
  }
}

/** What differs between the lanes. */
export interface LaneKind<W extends FrameWriter, O extends Operation<unknown>> {
  /** Bytes of a usual frame's buffer. */
  readonly bufferBytes: number;
  writer(buffer: ArrayBuffer): W;
  /** The size of the buffer that one operation needs when it is alone. */
  bytesFor(operation: O): number;
  fits(writer: W, operation: O): boolean;
  append(writer: W, operation: O): void;
  /** Whether the shard answers the frame only after a sync. */
  waitsForSync(writer: W): boolean;
  /** Takes back a record of a frame that is not sent. */
  takeBack(writer: W, index: number): void;
  /** Settles all that an answered frame held. */
  settle(answer: Frame, operations: readonly O[], errors: FrameFailure["errors"]): void;
}

export class Lane<W extends FrameWriter, O extends Operation<unknown>> {
  readonly #kind: LaneKind<W, O>;
  #post: ((buffer: ArrayBuffer) => void) | null = null;
  #open: Slot<W, O> | null = null;
  #full: Slot<W, O>[] = [];
  /** By ticket: a frame that waits for a sync is overtaken by one that does not. */
  readonly #sent = new Map<number, Slot<W, O>>();
  /** How many of those sent wait for a sync. */
  #syncs = 0;
  #tickets = 0;
  #spares: ArrayBuffer[] = [];
  #scheduled = false;
  #onReturned: (() => void) | null = null;

  constructor(kind: LaneKind<W, O>) {
    this.#kind = kind;
  }

  /** From now on frames leave; those that waited leave first. */
  connect(post: (buffer: ArrayBuffer) => void): void {
    this.#post = post;
    this.#send();
  }

  append(operation: O): void {
    if (this.#open !== null && !this.#kind.fits(this.#open.writer, operation)) {
      this.#full.push(this.#open);
      this.#open = null;
    }
    this.#open ??= this.#slot(operation);
    operation.place = this.#open;
    operation.index = this.#open.writer.length;
    this.#kind.append(this.#open.writer, operation);
    this.#open.operations.push(operation);
    this.#sendSoon();
  }

  /** A frame has come back. */
  answered(answer: Frame, errors: FrameFailure["errors"]): void {
    const { buffer, ticket } = answer;
    const slot = must(this.#sent.get(ticket), "the frame that a shard answered");
    this.#sent.delete(ticket);
    if (this.#kind.waitsForSync(slot.writer)) this.#syncs--;
    this.#kind.settle(answer, slot.operations, errors);
    this.#recycle(buffer);
    slot.letGo();
    if (this.#sent.size === 0) this.#onReturned?.();
    this.#send();
  }

  /** From now on nothing leaves; resolves when all that is with the shard has been answered. */
  async hold(): Promise<void> {
    this.#post = null;
    if (this.#sent.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onReturned = resolve;
    });
  }

  /** What is with the shard will not be answered any more. */
  rejectSent(reason: () => unknown): void {
    const slots = [...this.#sent.values()];
    this.#sent.clear();
    this.#syncs = 0;
    for (const slot of slots) slot.reject(reason);
    this.#onReturned?.();
  }

  /** What waits here is not let go any more. */
  rejectWaiting(reason: () => unknown): void {
    const slots = this.#open === null ? this.#full : [...this.#full, this.#open];
    this.#full = [];
    this.#open = null;
    for (const slot of slots) slot.reject(reason);
  }

  /** No thread serves the lane any more. */
  disconnect(): void {
    this.#post = null;
  }

  /** One of those in the slot is given up. True while the slot holds its bytes. */
  readonly #withdraw = (slot: Slot<W, O>, operation: O): boolean => {
    const isLast = slot.withdrawn.length + 1 === slot.operations.length;
    if (slot.sent || !isLast) {
      if (!slot.sent) this.#kind.takeBack(slot.writer, operation.index);
      slot.withdrawn.push(operation);
      return true;
    }
    if (slot === this.#open) this.#open = null;
    else this.#full.splice(this.#full.indexOf(slot), 1);
    this.#recycle(slot.writer.buffer);
    slot.letGo();
    this.#sendSoon();
    return false;
  };

  #recycle(buffer: ArrayBuffer): void {
    if (buffer.byteLength <= FRAME_BUFFER_BYTES && this.#spares.length < MAX_SPARE_BUFFERS) this.#spares.push(buffer);
  }

  /** At the end of the microtask turn. */
  #sendSoon(): void {
    if (this.#scheduled || this.#next() === null) return;
    this.#scheduled = true;
    queueMicrotask(this.#sendScheduled);
  }

  readonly #sendScheduled = (): void => {
    this.#scheduled = false;
    this.#send();
  };

  /** The frame that leaves next; null where none is to leave yet. */
  #next(): Slot<W, O> | null {
    const slot = this.#full[0] ?? this.#open;
    if (slot === null) return null;
    const sync = this.#kind.waitsForSync(slot.writer);
    const inFlight = sync ? this.#syncs : this.#sent.size - this.#syncs;
    if (inFlight === 0) return slot;
    if (inFlight >= (sync ? MAX_FRAMES_WITH_A_SYNC : MAX_FRAMES_IN_FLIGHT)) return null;
    // What waits for a sync goes beside others only in full frames: a sync takes long, and the more wait for one the better.
    const isLarge = slot !== this.#open || (!sync && slot.operations.length >= MIN_RECORDS_BESIDE_OTHERS);
    return isLarge ? slot : null;
  }

  #send(): void {
    if (this.#post === null) return;
    for (let slot = this.#next(); slot !== null; slot = this.#next()) {
      if (slot === this.#open) this.#open = null;
      else this.#full.shift();
      slot.sent = true;
      this.#tickets = (this.#tickets + 1) >>> 0;
      slot.writer.ticket = this.#tickets;
      this.#sent.set(slot.writer.ticket, slot);
      if (this.#kind.waitsForSync(slot.writer)) this.#syncs++;
      this.#post(slot.writer.finish());
    }
  }

  #slot(operation: O): Slot<W, O> {
    const needed = this.#kind.bytesFor(operation);
    const spare = needed <= this.#kind.bufferBytes ? this.#spares.pop() : undefined;
    const buffer = spare ?? new ArrayBuffer(Math.max(needed, this.#kind.bufferBytes));
    return new Slot(this.#kind.writer(buffer), this.#withdraw);
  }
}
