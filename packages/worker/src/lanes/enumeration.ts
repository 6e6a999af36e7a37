import type { MessagePort } from "node:worker_threads";
import {
  EntryFrameWriter,
  EntryKind,
  type ErrorRecord,
  entryRecordBytes,
  frameBytesFor,
  SpoolConfigError,
  SpoolId,
  toErrorRecord,
} from "@rockspool/core";
import { isReservedKey } from "../engine/batch-number.ts";
import type { Engine, EngineEntry } from "../engine/engine.ts";
import type { EntriesCredit, EntriesMessage } from "../protocol/protocol.ts";
import { corruptValue } from "./multi-get.ts";
import type { ValueCodec } from "./value-codec.ts";

/**
 * Sends a shard's entries, frame by frame, as long as the consumer sends buffers to fill: one that stops reading stops the
 * reading here. Each page is an iterator of its own, so that a slow consumer pins no table and no memtable.
 */
export interface EnumerationParts {
  readonly engine: Engine;
  readonly codec: ValueCodec;
  /** The shard's directory, for errors. */
  readonly path: string;
  readonly createdBeforeMs: number;
  onError(error: Error): void;
}

/** What a page may hold in memory, by the size of the entries before; one page is at most twice as many entries as the last. */
const PAGE_BYTES = 1024 * 1024;
const FIRST_PAGE_ENTRIES = 16;
/** 162,000 entries a second with 256 at a time, 89,000 with 8. */
const MAX_PAGE_ENTRIES = 256;

/** Resolves when all is sent, or when the port is closed. */
export async function sendEntries(parts: EnumerationParts, port: MessagePort): Promise<void> {
  const sender = new Sender(port);
  try {
    for await (const page of pages(parts.engine)) {
      // One that finds nothing to send would read to the end for nobody.
      if (sender.gone) return;
      // Entries that fit are added with no await: an async generator of entries costs as much as all the rest.
      for (const { key, value } of page) {
        const entry = toEntry(parts, key, value);
        if (entry === null || sender.add(entry)) continue;
        if (!(await sender.nextFrame(entry))) return;
        sender.add(entry);
      }
    }
    sender.end(null);
  } catch (error) {
    parts.onError(error as Error);
    sender.end(toErrorRecord(error, parts.path));
  } finally {
    port.close();
  }
}

/** The shard, page by page; each holds about `PAGE_BYTES`, going by the one before. */
export async function* pages(engine: Engine): AsyncGenerator<EngineEntry[]> {
  let after: Uint8Array | null = null;
  let limit = FIRST_PAGE_ENTRIES;
  for (;;) {
    const page: EngineEntry[] = await engine.page(after, limit);
    yield page;
    if (page.length < limit) return;
    after = (page.at(-1) as EngineEntry).key;
    const bytes = page.reduce((sum, { value }) => sum + value.byteLength, 0);
    const fitting = Math.floor((PAGE_BYTES * page.length) / Math.max(bytes, 1));
    limit = Math.max(1, Math.min(fitting, limit * 2, MAX_PAGE_ENTRIES));
  }
}

interface Entry {
  readonly kind: EntryKind;
  readonly key: Uint8Array;
  readonly payload: Uint8Array;
}

/** Fills the consumer's buffers and sends them back. */
class Sender {
  readonly #port: MessagePort;
  readonly #credits: Credits;
  #writer: EntryFrameWriter | null = null;

  constructor(port: MessagePort) {
    this.#port = port;
    this.#credits = new Credits(port);
  }

  get gone(): boolean {
    return this.#credits.closed;
  }

  /** False where the entry does not fit in the frame at hand. */
  add({ kind, key, payload }: Entry): boolean {
    if (this.#writer?.fits(key.byteLength, payload.byteLength) !== true) return false;
    this.#writer.append(kind, key, payload);
    return true;
  }

  /** Sends the frame at hand and takes one that has room for the entry. False when the consumer has gone. */
  async nextFrame({ key, payload }: Entry): Promise<boolean> {
    this.#flush();
    const buffer = await this.#credits.take();
    if (buffer === null) return false;
    const writer = new EntryFrameWriter(buffer);
    const fits = writer.fits(key.byteLength, payload.byteLength);
    const bytes = frameBytesFor(entryRecordBytes(key.byteLength, payload.byteLength));
    this.#writer = fits ? writer : new EntryFrameWriter(new ArrayBuffer(bytes));
    return true;
  }

  end(error: ErrorRecord | null): void {
    this.#flush();
    this.#post({ end: error });
  }

  #flush(): void {
    if (this.#writer === null) return;
    const buffer = this.#writer.finish();
    this.#writer = null;
    this.#post(buffer, [buffer]);
  }

  #post(message: EntriesMessage, transfer: ArrayBuffer[] = []): void {
    this.#port.postMessage(message, transfer);
  }
}

/** Null for what the consumer did not ask for. */
function toEntry({ codec, path, createdBeforeMs }: EnumerationParts, key: Uint8Array, value: Uint8Array): Entry | null {
  if (isReservedKey(key)) return null;
  const id = SpoolId.tryFromBytes(key);
  if (id === null) {
    return corrupt(key, new SpoolConfigError("key", Buffer.from(key).toString("hex"), "a key is a SpoolId").message);
  }
  // Messages that came after the start are not looked for: those before are found whatever comes meanwhile (rocks.rs line 682).
  if (id.createdMs >= createdBeforeMs) return null;
  try {
    return { kind: EntryKind.Item, key, payload: codec.decompress(value) };
  } catch (cause) {
    return corrupt(key, corruptValue(cause as Error, path).message);
  }
}

function corrupt(key: Uint8Array, why: string): Entry {
  return { kind: EntryKind.Corrupt, key, payload: new TextEncoder().encode(why) };
}

/** The buffers that the consumer has sent and that are not filled yet. */
class Credits {
  closed = false;
  readonly #buffers: EntriesCredit[] = [];
  #wake: (() => void) | null = null;

  constructor(port: MessagePort) {
    port.on("message", (buffer: EntriesCredit) => {
      this.#buffers.push(buffer);
      this.#wake?.();
    });
    port.on("close", () => {
      this.closed = true;
      this.#wake?.();
    });
  }

  /** The next buffer; null when the consumer has gone. */
  async take(): Promise<ArrayBuffer | null> {
    while (this.#buffers.length === 0 && !this.closed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.closed ? null : (this.#buffers.shift() ?? null);
  }
}
