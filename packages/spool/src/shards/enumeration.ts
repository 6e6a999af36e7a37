import type { MessagePort } from "node:worker_threads";
import {
  EntryFrameReader,
  EntryKind,
  FRAME_BUFFER_BYTES,
  fromErrorRecord,
  must,
  type RawEntry,
  SpoolEngineError,
  type SpoolEntry,
  SpoolId,
  SpoolShardLostError,
} from "@rockspool/core";
import type { EntriesMessage } from "@rockspool/worker";
import type { ShardClient } from "./shard-client.ts";
import { type ShardFailure, shardsFailed } from "./shard-failure.ts";

/**
 * All shards' entries as one stream. Each shard has two buffers to fill and gets one back when its entries have been taken, so
 * a consumer that stops reading stops the shards, and memory holds two frames a shard, however many messages there are.
 */
const FRAMES_A_SHARD = 2;

/** From outside: ends an enumeration with a reason. */
export class Stop {
  reason: unknown;
  wake: (() => void) | null = null;

  end(reason: unknown): void {
    this.reason ??= reason;
    this.wake?.();
  }
}

export interface Enumeration {
  readonly shards: readonly ShardClient[];
  readonly createdBeforeMs: number;
  /** Called when the first entry is asked for; what it throws ends it. */
  begin(): Stop;
  /** Called at the end, however it comes to it. */
  end(): void;
}

export async function* enumerateShards(enumeration: Enumeration): AsyncGenerator<SpoolEntry, void, undefined> {
  const { shards, createdBeforeMs } = enumeration;
  const stop = enumeration.begin();
  const sources = shards.map((shard) => new Source(shard, createdBeforeMs, () => stop.wake?.()));
  const failures: ShardFailure[] = [];
  try {
    const active = new Set(sources);
    while (active.size > 0) {
      let frames = 0;
      for (const source of active) {
        for (let frame = source.next(); frame !== null; frame = source.next()) {
          frames++;
          for (const entry of new EntryFrameReader(frame)) {
            if (stop.reason !== undefined) throw stop.reason;
            yield toEntry(entry, source.shard.path);
          }
          source.giveBack(frame);
        }
        if (!source.ended) continue;
        active.delete(source);
        if (source.failure !== null) failures.push({ shard: source.shard, error: source.failure });
      }
      if (stop.reason !== undefined) throw stop.reason;
      if (frames > 0 || active.size === 0) continue;
      await new Promise<void>((resolve) => {
        stop.wake = resolve;
        if (stop.reason !== undefined || sources.some((source) => active.has(source) && source.hasNews)) resolve();
      });
    }
  } finally {
    for (const source of sources) source.close();
    enumeration.end();
  }
  if (failures.length > 0) throw shardsFailed("enumeration", failures);
}

/** One shard's part of it. */
class Source {
  readonly shard: ShardClient;
  ended = false;
  failure: Error | null = null;
  readonly #onNews: () => void;
  readonly #frames: ArrayBuffer[] = [];
  #port: MessagePort | null = null;
  #closed = false;

  constructor(shard: ShardClient, createdBeforeMs: number, onNews: () => void) {
    this.shard = shard;
    this.#onNews = onNews;
    shard.entries(createdBeforeMs).then(
      (port) => this.#listen(port),
      (error: Error) => this.#end(error),
    );
  }

  get hasNews(): boolean {
    return this.#frames.length > 0 || this.ended;
  }

  /** The next filled frame, if one has come. */
  next(): ArrayBuffer | null {
    return this.#frames.shift() ?? null;
  }

  giveBack(frame: ArrayBuffer): void {
    this.#port?.postMessage(frame, [frame]);
  }

  close(): void {
    this.#closed = true;
    this.#port?.close();
  }

  #listen(port: MessagePort): void {
    this.#port = port;
    if (this.#closed) {
      port.close();
      return;
    }
    port.on("message", (message: EntriesMessage) => {
      if (message instanceof ArrayBuffer) {
        this.#frames.push(message);
        this.#onNews();
      } else this.#end(message.end === null ? null : fromErrorRecord(message.end));
    });
    // The thread died, or the end has come before: then this says nothing new.
    port.on("close", () => this.#end(new SpoolShardLostError(this.shard.index)));
    for (let i = 0; i < FRAMES_A_SHARD; i++) this.giveBack(new ArrayBuffer(FRAME_BUFFER_BYTES));
  }

  #end(failure: Error | null): void {
    if (this.ended) return;
    this.ended = true;
    this.failure = failure;
    this.#onNews();
  }
}

function toEntry({ kind, key, payload }: RawEntry, path: string): SpoolEntry {
  if (kind === EntryKind.Item) {
    return { kind: "item", id: must(SpoolId.tryFromBytes(key), "the id of a message"), data: payload };
  }
  const message = new TextDecoder().decode(payload);
  return {
    kind: "corrupt",
    id: SpoolId.tryFromBytes(key),
    key: Buffer.from(key).toString("hex"),
    error: new SpoolEngineError(message, { kind: "corruption", path }),
  };
}
