import { type Frame, type FrameWriter, must, WRITE_FRAME_BYTES } from "@rockspool/core";
import type { FrameFailure } from "@rockspool/worker";
import type { Operation } from "../operations/operation.ts";
import type { LaneKind } from "./lane-kind.ts";
import { PendingFrame } from "./pending-frame.ts";
import { MAX_FRAMES_IN_FLIGHT, maySend } from "./send-rule.ts";

/** Those in flight, and the one that is filled. */
const MAX_SPARE_BUFFERS = MAX_FRAMES_IN_FLIGHT + 1;

/**
 * Packs operations of one kind into frames and sends them to one shard:
 *
 *     append ──▶ open frame ──full──▶ full frames ──┐
 *                    └──────────end of turn─────────┴──▶ sent ──▶ answered
 *
 * Frames are sent in the order in which they were filled, each as soon as the table in `send-rule.ts` allows: at the
 * end of the microtask turn, or when a sent frame is answered. So frames grow under load, and a single operation is
 * sent at once. An operation that needs no sync is answered with its frame, and waits for the sync if a neighbour needs
 * one.
 *
 * The bytes of a cancelled operation stay in its frame until that is answered. A frame that is not sent is dropped once
 * all its operations are cancelled.
 */
export class Lane<W extends FrameWriter, O extends Operation<unknown>> {
  readonly #kind: LaneKind<W, O>;
  /** Null while no thread serves the lane. */
  #post: ((buffer: ArrayBuffer) => void) | null = null;
  #open: PendingFrame<W, O> | null = null;
  #full: PendingFrame<W, O>[] = [];
  /** By ticket: a frame that waits for a sync is answered after a later one that does not. */
  readonly #sent = new Map<number, PendingFrame<W, O>>();
  /** How many of those wait for a sync. */
  #sentForSync = 0;
  #lastTicket = 0;
  #spares: ArrayBuffer[] = [];
  #sendQueued = false;
  #onAllAnswered: (() => void) | null = null;

  constructor(kind: LaneKind<W, O>) {
    this.#kind = kind;
  }

  /** Starts to send: first the frames that have gathered. */
  connect(post: (buffer: ArrayBuffer) => void): void {
    this.#post = post;
    this.#send();
  }

  append(operation: O): void {
    if (this.#open !== null && !this.#kind.fits(this.#open.writer, operation)) {
      this.#full.push(this.#open);
      this.#open = null;
    }
    this.#open ??= this.#newFrame(operation);
    operation.holder = this.#open;
    operation.index = this.#open.writer.length;
    this.#kind.append(this.#open.writer, operation);
    this.#open.operations.push(operation);
    this.#sendAtEndOfTurn();
  }

  /** Settles the operations of a frame that the shard has sent back. */
  answered(answer: Frame, errors: FrameFailure["errors"]): void {
    const { buffer, ticket } = answer;
    const frame = must(this.#sent.get(ticket), "the frame that a shard answered");
    this.#sent.delete(ticket);
    if (this.#kind.waitsForSync(frame.writer)) this.#sentForSync--;
    this.#kind.settle(answer, frame.operations, errors);
    this.#recycle(buffer);
    frame.release();
    if (this.#sent.size === 0) this.#onAllAnswered?.();
    this.#send();
  }

  /** Sends nothing from now on. Resolves when all sent frames are answered or rejected. */
  async hold(): Promise<void> {
    this.#post = null;
    if (this.#sent.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onAllAnswered = resolve;
    });
  }

  /** Rejects all operations that are sent: no thread answers them any more. */
  rejectSent(reason: () => unknown): void {
    const frames = [...this.#sent.values()];
    this.#sent.clear();
    this.#sentForSync = 0;
    for (const frame of frames) frame.reject(reason);
    this.#onAllAnswered?.();
  }

  /** Rejects all operations that are not sent. */
  rejectWaiting(reason: () => unknown): void {
    const frames = this.#open === null ? this.#full : [...this.#full, this.#open];
    this.#full = [];
    this.#open = null;
    for (const frame of frames) frame.reject(reason);
  }

  /** Sends nothing from now on: no thread serves the lane. */
  disconnect(): void {
    this.#post = null;
  }

  /** Returns true if the frame keeps the bytes of the cancelled operation. */
  readonly #cancel = (frame: PendingFrame<W, O>, operation: O): boolean => {
    const isLast = frame.cancelled.length + 1 === frame.operations.length;
    if (frame.sent || !isLast) {
      if (!frame.sent) this.#kind.cancel(frame.writer, operation.index);
      frame.cancelled.push(operation);
      return true;
    }
    if (frame === this.#open) this.#open = null;
    else this.#full.splice(this.#full.indexOf(frame), 1);
    this.#recycle(frame.writer.buffer);
    frame.release();
    // The next frame may be allowed what this one was not.
    this.#sendAtEndOfTurn();
    return false;
  };

  #recycle(buffer: ArrayBuffer): void {
    if (buffer.byteLength <= WRITE_FRAME_BYTES && this.#spares.length < MAX_SPARE_BUFFERS) this.#spares.push(buffer);
  }

  #sendAtEndOfTurn(): void {
    if (this.#sendQueued || this.#next() === null) return;
    this.#sendQueued = true;
    queueMicrotask(this.#sendNow);
  }

  readonly #sendNow = (): void => {
    this.#sendQueued = false;
    this.#send();
  };

  /** The frame to be sent next; null if there is none or it has to wait. */
  #next(): PendingFrame<W, O> | null {
    const frame = this.#full[0] ?? this.#open;
    if (frame === null) return null;
    const sync = this.#kind.waitsForSync(frame.writer);
    const inFlight = sync ? this.#sentForSync : this.#sent.size - this.#sentForSync;
    return maySend(sync, frame !== this.#open, frame.operations.length, inFlight) ? frame : null;
  }

  #send(): void {
    if (this.#post === null) return;
    for (let frame = this.#next(); frame !== null; frame = this.#next()) {
      if (frame === this.#open) this.#open = null;
      else this.#full.shift();
      frame.sent = true;
      this.#lastTicket = (this.#lastTicket + 1) >>> 0;
      frame.writer.ticket = this.#lastTicket;
      this.#sent.set(this.#lastTicket, frame);
      if (this.#kind.waitsForSync(frame.writer)) this.#sentForSync++;
      this.#post(frame.writer.finish());
    }
  }

  #newFrame(operation: O): PendingFrame<W, O> {
    const needed = this.#kind.bytesFor(operation);
    const spare = needed <= this.#kind.bufferBytes ? this.#spares.pop() : undefined;
    const buffer = spare ?? new ArrayBuffer(Math.max(needed, this.#kind.bufferBytes));
    return new PendingFrame(this.#kind.writer(buffer), this.#cancel);
  }
}
