import { MessageChannel, type MessagePort } from "node:worker_threads";
import { crc32 } from "node:zlib";
import {
  EntryFrameReader,
  EntryKind,
  type ErrorRecord,
  FRAME_BUFFER_BYTES,
  WRITE_RECORD_BYTES,
  WriteField,
  WriteOp,
} from "@rockspool/core";
import { onTestFinished, vi } from "vitest";
import { type EngineEntry, NO_HOOKS } from "../src/engine/engine.ts";
import { sendEntries } from "../src/lanes/enumeration.ts";
import { bodiesOffset } from "../src/log/block-format.ts";
import { MessageLog } from "../src/log/message-log.ts";
import type { Place } from "../src/log/place.ts";
import type { StreamMessage } from "../src/protocol/credit-stream.ts";
import { BodyCodec } from "../src/store/body-codec.ts";
import { MessageStore } from "../src/store/message-store.ts";
import { FakeEngine, hex } from "./fake-engine.ts";
import { Inbox } from "./inbox.ts";
import { encodePlace } from "./places.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** An enumeration of a real message log with a `FakeEngine` as its index, whose receiver is the test. */

type EntriesMessage = StreamMessage<ArrayBuffer>;

export const PATH = "/spool/shard-000";

export interface PageRequest {
  readonly after: string | null;
  readonly limit: number;
}

export interface Enumeration {
  readonly engine: FakeEngine;
  readonly store: MessageStore;
  /** The receiver's end. */
  readonly port: MessagePort;
  /** Resolves when the sender's end is closed. */
  readonly closed: Promise<unknown>;
  readonly received: Inbox<EntriesMessage>;
  readonly errors: Error[];
  readonly done: Promise<void>;
  /** The pages that `answerPages` has answered. */
  readonly pages: PageRequest[];
  /** The lengths of the messages of each batch that was read from the log. */
  readonly batches: number[][];
  credit(): void;
}

export function openEnumeration({ createdBeforeMs = Number.POSITIVE_INFINITY } = {}): Enumeration {
  const engine = new FakeEngine();
  const store = openStore(engine);
  const { port1: port, port2: other } = new MessageChannel();
  const received = new Inbox<EntriesMessage>();
  const errors: Error[] = [];
  const batches: number[][] = [];
  const { messagesAt } = store;
  vi.spyOn(store, "messagesAt").mockImplementation((ids, places) => {
    batches.push(places.map((place) => (place as Place | null)?.length ?? 0));
    return messagesAt.call(store, ids, places);
  });
  port.on("message", (message: EntriesMessage) => received.push(message));
  const closed = new Promise((resolve) => other.on("close", resolve));
  const onError = (error: Error): void => void errors.push(error);
  const done = sendEntries({ store, path: PATH, createdBeforeMs, onError }, other);
  onTestFinished(() => port.close());
  const credit = (): void => {
    const buffer = new ArrayBuffer(FRAME_BUFFER_BYTES);
    port.postMessage(buffer, [buffer]);
  };
  return { engine, store, port, closed, received, errors, done, pages: [], batches, credit };
}

function openStore(index: FakeEngine): MessageStore {
  const directory = temporaryDirectory();
  const identity = { spool: "0123456789abcdef", shard: 0 };
  const log = new MessageLog({
    directory,
    path: PATH,
    identity,
    epoch: 1,
    segments: [],
    nextSegment: 1,
    block: 0,
    segmentBytes: 2 ** 27,
    fullSync: false,
  });
  onTestFinished(() => log.close());
  return new MessageStore({
    log,
    index,
    path: PATH,
    identity,
    markPath: `${directory}.mark`,
    boot: null,
    epoch: 1,
    holes: [],
    indexName: "shard-000",
    applied: { segment: 0, offset: 0, block: 0 },
    hooks: NO_HOOKS,
  });
}

/** A message that is to be stored. */
export interface Stored {
  readonly key: Uint8Array;
  readonly message: Uint8Array;
}

const codec = new BodyCodec("snappy", 0);

/**
 * Appends the messages to the log, compressed where that makes them smaller; the entries that the index has for them.
 */
export function entriesFor({ store: { log } }: Pick<Enumeration, "store">, stored: readonly Stored[]): EngineEntry[] {
  return stored.map(({ key, message }) => {
    const { codec: number, bytes: body } = codec.compress(message) ?? { codec: 0, bytes: message };
    const place = { storedLength: body.byteLength, length: message.byteLength, checksum: crc32(body), codec: number };
    const table = Buffer.alloc(WRITE_RECORD_BYTES);
    table[WriteField.Op] = WriteOp.Store;
    table.writeUInt32LE(place.storedLength, WriteField.StoredLength);
    table.set(key.subarray(0, 16), WriteField.Id);
    const [at] = log.append([{ records: 1, table, bodies: [body], bodyBytes: body.byteLength }]);
    if (at === undefined) throw new Error("nothing was appended");
    const value = encodePlace({ epoch: 1, segment: at.segment, offset: at.offset + bodiesOffset(1), ...place });
    return { key, value };
  });
}

/** Answers all page requests, and all look-ups, from these entries, which are in key order. */
export function answerPages({ engine, pages }: Enumeration, entries: readonly EngineEntry[]): void {
  const next = async (): Promise<void> => {
    const { request, succeed } = await engine.pages.next();
    pages.push(request);
    const first = request.after === null ? 0 : entries.findIndex(({ key }) => hex(key) === request.after) + 1;
    succeed(entries.slice(first, first + request.limit));
    await next();
  };
  const look = async (): Promise<void> => {
    const { request, succeed } = await engine.reads.next();
    succeed(request.map((wanted) => entries.find(({ key }) => hex(key) === wanted)?.value ?? null));
    await look();
  };
  void next();
  void look();
}

/** An entry as the receiver sees it: the length and the first bytes of its message, or why it is corrupt. */
export interface Sent {
  readonly kind: "item" | "corrupt";
  readonly key: string;
  readonly bytes: number | null;
  readonly payload: string;
}

const SHOWN_BYTES = 40;

export function item({ key, message }: Stored): Sent {
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
      const isItem = kind === EntryKind.Item;
      sent.push(isItem ? item({ key, message: payload }) : corrupt(key, new TextDecoder().decode(payload)));
    }
  }
}
