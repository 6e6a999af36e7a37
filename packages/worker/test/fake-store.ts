import { SPOOL_ID_BYTES, type SpoolEngineError, WRITE_RECORD_BYTES, WriteField, WriteOp } from "@rockspool/core";
import type { BlockParts } from "../src/log/log-types.ts";
import type { MessageStore } from "../src/store/message-store.ts";
import { type Held, held, hex, type Operation } from "./fake-engine.ts";
import { Inbox } from "./inbox.ts";

type Faked = Pick<MessageStore, "write" | "sync" | "isSynced" | "syncFailure" | "load" | "path">;

/** A message store whose writes, syncs and loads are pending until the test answers them. */
export class FakeStore implements Faked {
  readonly path = "/spool/shard-000";
  readonly writes = new Inbox<Held<readonly Operation[], void>>();
  readonly syncs = new Inbox<Held<null, void>>();
  readonly loads = new Inbox<Held<readonly string[], (Uint8Array | null | Error)[]>>();
  /** The blocks of each write, in order. */
  readonly blocks: (readonly BlockParts[])[] = [];
  syncFailure: SpoolEngineError | null = null;
  #written = 0;
  #synced = 0;

  get isSynced(): boolean {
    return this.#written === this.#synced;
  }

  async write(blocks: readonly BlockParts[]): Promise<void> {
    this.blocks.push(blocks);
    // As in the log: the blocks count before the index has them.
    this.#written++;
    await held(this.writes, blocks.flatMap(operationsOf));
  }

  /** A failure is final. */
  async sync(): Promise<void> {
    if (this.syncFailure !== null) throw this.syncFailure;
    const written = this.#written;
    try {
      await held(this.syncs, null);
      this.#synced = written;
    } catch (error) {
      this.syncFailure = error as SpoolEngineError;
      throw error;
    }
  }

  load(ids: readonly Uint8Array[]): Promise<(Uint8Array | null | Error)[]> {
    return held(this.loads, ids.map(hex));
  }
}

/** What a block stores and removes, the bodies as stored. */
export function operationsOf({ records, table, bodies }: BlockParts): Operation[] {
  const all = Buffer.concat(bodies);
  let at = 0;
  return Array.from({ length: records }, (_, i) => i * WRITE_RECORD_BYTES).flatMap((record): Operation[] => {
    const key = hex(table.subarray(record + WriteField.Id, record + WriteField.Id + SPOOL_ID_BYTES));
    const body = all.subarray(at, at + table.readUInt32LE(record + WriteField.StoredLength));
    at += body.byteLength;
    const op = table[record + WriteField.Op];
    if (op === WriteOp.Cancelled) return [];
    return [[key, op === WriteOp.Store ? hex(body) : null]];
  });
}
