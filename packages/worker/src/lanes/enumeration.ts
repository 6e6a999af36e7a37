import type { MessagePort } from "node:worker_threads";
import {
  EntryFrameWriter,
  EntryKind,
  entryRecordBytes,
  frameBytesFor,
  SpoolConfigError,
  SpoolId,
} from "@rockspool/core";
import { CreditSender } from "../protocol/credit-stream.ts";
import type { MessageStore } from "../store/message-store.ts";
import { type StoredEntry, scanMessages } from "../store/scan-messages.ts";

export interface EnumerationParts {
  readonly store: MessageStore;
  /** The shard's directory, for errors. */
  readonly path: string;
  readonly createdBeforeMs: number;
  onError(error: Error): void;
}

/**
 * Sends a shard's entries as a credit stream: a credit is an empty buffer, an item is a frame of entries in that
 * buffer. Resolves when all is sent or the receiver has closed its port.
 */
export async function sendEntries(parts: EnumerationParts, port: MessagePort): Promise<void> {
  const { store, path, createdBeforeMs, onError } = parts;
  const sender = new CreditSender<ArrayBuffer, ArrayBuffer>(port, path);
  const frames = new EntryFrames(sender);
  // An enumeration lists what existed when it began: later messages are not eligible (rocks.rs line 682).
  const accepts = (key: Uint8Array): boolean => !isAfter(key, createdBeforeMs);
  try {
    for await (const batch of scanMessages(store, accepts)) {
      // Checked for each batch: a batch of which nothing is sent takes no credit.
      if (sender.closed) return;
      // Entries that fit are added without an await: an async generator of entries costs as much as all the rest.
      for (const stored of batch) {
        const entry = toEntry(stored, onError);
        if (frames.add(entry)) continue;
        if (!(await frames.nextFrame(entry))) return;
        frames.add(entry);
      }
    }
    frames.flush();
    sender.end(null);
  } catch (error) {
    onError(error as Error);
    frames.flush();
    sender.end(error);
  }
}

interface Entry {
  readonly kind: EntryKind;
  readonly key: Uint8Array;
  readonly payload: Uint8Array;
}

/** Fills the receiver's buffers with entries, one buffer after the other. */
class EntryFrames {
  readonly #sender: CreditSender<ArrayBuffer, ArrayBuffer>;
  #writer: EntryFrameWriter | null = null;

  constructor(sender: CreditSender<ArrayBuffer, ArrayBuffer>) {
    this.#sender = sender;
  }

  /** False where the entry does not fit in the current frame. */
  add({ kind, key, payload }: Entry): boolean {
    if (this.#writer?.fits(key.byteLength, payload.byteLength) !== true) return false;
    this.#writer.append(kind, key, payload);
    return true;
  }

  /**
   * Sends the current frame and begins one that has room for the entry. False when the receiver has closed its port.
   */
  async nextFrame({ key, payload }: Entry): Promise<boolean> {
    this.flush();
    const buffer = await this.#sender.takeCredit();
    if (buffer === null) return false;
    const writer = new EntryFrameWriter(buffer);
    const fits = writer.fits(key.byteLength, payload.byteLength);
    const bytes = frameBytesFor(entryRecordBytes(key.byteLength, payload.byteLength));
    this.#writer = fits ? writer : new EntryFrameWriter(new ArrayBuffer(bytes));
    return true;
  }

  /** Sends the current frame, if there is one. */
  flush(): void {
    if (this.#writer === null) return;
    const buffer = this.#writer.finish();
    this.#writer = null;
    this.#sender.send(buffer, [buffer]);
  }
}

function isAfter(key: Uint8Array, createdBeforeMs: number): boolean {
  const id = SpoolId.tryFromBytes(key);
  return id !== null && id.createdMs >= createdBeforeMs;
}

function toEntry({ key, message }: StoredEntry, onError: (error: Error) => void): Entry {
  if (SpoolId.tryFromBytes(key) === null) {
    return corrupt(key, new SpoolConfigError("key", Buffer.from(key).toString("hex"), "a key is a SpoolId").message);
  }
  if (!(message instanceof Error)) return { kind: EntryKind.Item, key, payload: message };
  onError(message);
  return corrupt(key, message.message);
}

function corrupt(key: Uint8Array, why: string): Entry {
  return { kind: EntryKind.Corrupt, key, payload: new TextEncoder().encode(why) };
}
