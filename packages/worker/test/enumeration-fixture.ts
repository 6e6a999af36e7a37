import { MessageChannel, type MessagePort } from "node:worker_threads";
import { EntryFrameReader, EntryKind, type ErrorRecord, FRAME_BUFFER_BYTES } from "@rockspool/core";
import { onTestFinished } from "vitest";
import type { EngineEntry } from "../src/engine/engine.ts";
import { sendEntries } from "../src/lanes/enumeration.ts";
import { ValueCodec } from "../src/lanes/value-codec.ts";
import type { StreamMessage } from "../src/protocol/credit-stream.ts";
import { FakeEngine, hex } from "./fake-engine.ts";
import { Inbox } from "./inbox.ts";

/** An enumeration with a `FakeEngine`, whose receiver is the test. */

type EntriesMessage = StreamMessage<ArrayBuffer>;

export const PATH = "/spool/shard-000";

export interface PageRequest {
  readonly after: string | null;
  readonly limit: number;
}

export interface Enumeration {
  readonly engine: FakeEngine;
  readonly codec: ValueCodec;
  /** The receiver's end. */
  readonly port: MessagePort;
  /** Resolves when the sender's end is closed. */
  readonly closed: Promise<unknown>;
  readonly received: Inbox<EntriesMessage>;
  readonly errors: Error[];
  readonly done: Promise<void>;
  /** The pages that `answerPages` has answered. */
  readonly pages: PageRequest[];
  credit(): void;
}

export function openEnumeration({ createdBeforeMs = Number.POSITIVE_INFINITY } = {}): Enumeration {
  const engine = new FakeEngine();
  const codec = new ValueCodec("snappy", 0);
  const { port1: port, port2: other } = new MessageChannel();
  const received = new Inbox<EntriesMessage>();
  const errors: Error[] = [];
  port.on("message", (message: EntriesMessage) => received.push(message));
  const closed = new Promise((resolve) => other.on("close", resolve));
  const onError = (error: Error): void => void errors.push(error);
  const done = sendEntries({ engine, codec, path: PATH, createdBeforeMs, onError }, other);
  onTestFinished(() => port.close());
  const credit = (): void => {
    const buffer = new ArrayBuffer(FRAME_BUFFER_BYTES);
    port.postMessage(buffer, [buffer]);
  };
  return { engine, codec, port, closed, received, errors, done, pages: [], credit };
}

/** Answers all page requests from these entries, which are in key order. */
export function answerPages({ engine, pages }: Enumeration, entries: readonly EngineEntry[]): void {
  const next = async (): Promise<void> => {
    const { request, succeed } = await engine.pages.next();
    pages.push(request);
    const first = request.after === null ? 0 : entries.findIndex(({ key }) => hex(key) === request.after) + 1;
    succeed(entries.slice(first, first + request.limit));
    await next();
  };
  void next();
}

/** An entry as the receiver sees it: the length and the first bytes of its message, or why it is corrupt. */
export interface Sent {
  readonly kind: "item" | "corrupt";
  readonly key: string;
  readonly bytes: number | null;
  readonly payload: string;
}

const SHOWN_BYTES = 40;

export function item(key: Uint8Array, message: Uint8Array): Sent {
  return { kind: "item", key: hex(key), bytes: message.byteLength, payload: hex(message.subarray(0, SHOWN_BYTES)) };
}

export function corrupt(key: Uint8Array, why: string): Sent {
  return { kind: "corrupt", key: hex(key), bytes: null, payload: why };
}

/** Reads to the end, one credit a frame. */
export async function consume(enumeration: Enumeration): Promise<{
  sent: Sent[];
  frames: number;
  end: ErrorRecord | null;
}> {
  const sent: Sent[] = [];
  for (let frames = 0; ; frames++) {
    enumeration.credit();
    const message = await enumeration.received.next();
    if (!(message instanceof ArrayBuffer)) return { sent, frames, end: message.end };
    for (const { kind, key, payload } of new EntryFrameReader(message)) {
      sent.push(kind === EntryKind.Item ? item(key, payload) : corrupt(key, new TextDecoder().decode(payload)));
    }
  }
}

/** The uncompressed value of a message. */
export function raw(message: Uint8Array): Uint8Array {
  const value = new Uint8Array(1 + message.byteLength);
  value.set(message, 1);
  return value;
}
