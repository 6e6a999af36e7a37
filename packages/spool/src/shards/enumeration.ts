import type { MessagePort } from "node:worker_threads";
import {
  EntryFrameReader,
  EntryKind,
  FRAME_BUFFER_BYTES,
  must,
  type RawEntry,
  SpoolEngineError,
  type SpoolEntry,
  SpoolId,
  SpoolShardLostError,
} from "@rockspool/core";
import { CreditReceiver } from "@rockspool/worker";
import type { ShardClient } from "./shard-client.ts";
import { type ShardFailure, shardsFailed } from "./shard-failure.ts";

/** Buffers that each shard fills. Memory holds no more frames than these, however many messages there are. */
const FRAMES_A_SHARD = 2;

/** Ends an enumeration with a reason: its consumer's abort, or the spool's shutdown. */
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
  /** Called when the first entry is requested. If it throws, the enumeration rejects with that. */
  begin(): Stop;
  /** Called once if `begin` returned, however the enumeration ends. */
  end(): void;
}

/**
 * All shards' entries as one stream. A shard gets a buffer back when the consumer has taken its entries: a consumer
 * that stops reading stops the shards. If shards fail, the others are read to the end, then the stream rejects and
 * names the failed ones.
 */
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
          source.reuse(frame);
        }
        if (!source.ended) continue;
        active.delete(source);
        if (source.failure !== null) failures.push({ shard: source.shard, error: source.failure });
      }
      if (stop.reason !== undefined) throw stop.reason;
      if (frames > 0 || active.size === 0) continue;
      await new Promise<void>((resolve) => {
        stop.wake = resolve;
        if (stop.reason !== undefined || sources.some((source) => active.has(source) && source.isReady)) resolve();
      });
    }
  } finally {
    for (const source of sources) source.close();
    enumeration.end();
  }
  if (failures.length > 0) throw shardsFailed("enumeration", failures);
}

/** The entries of one shard, frame by frame. */
class Source {
  readonly shard: ShardClient;
  readonly #onChange: () => void;
  /** Null until the shard is served, and if it never is. */
  #frames: CreditReceiver<ArrayBuffer, ArrayBuffer> | null = null;
  #closed = false;
  /** Why the shard is not served. */
  #notServed: Error | null = null;

  constructor(shard: ShardClient, createdBeforeMs: number, onChange: () => void) {
    this.shard = shard;
    this.#onChange = onChange;
    shard.entries(createdBeforeMs).then(
      (port) => this.#listen(port),
      (error: Error) => {
        this.#notServed = error;
        onChange();
      },
    );
  }

  get ended(): boolean {
    return this.#notServed !== null || this.#frames?.ended === true;
  }

  get failure(): Error | null {
    return this.#notServed ?? this.#frames?.failure ?? null;
  }

  /** A frame or the end can be taken. */
  get isReady(): boolean {
    return this.ended || (this.#frames !== null && this.#frames.size > 0);
  }

  /** The next filled frame, if one has arrived. */
  next(): ArrayBuffer | null {
    return this.#frames?.poll() ?? null;
  }

  /** Gives a frame whose entries have been taken back to the shard. */
  reuse(frame: ArrayBuffer): void {
    this.#frames?.credit(frame, [frame]);
  }

  close(): void {
    this.#closed = true;
    this.#frames?.close();
  }

  #listen(port: MessagePort): void {
    // The enumeration may have ended before the shard was served.
    if (this.#closed) {
      port.close();
      return;
    }
    const frames = new CreditReceiver<ArrayBuffer, ArrayBuffer>(port, this.#onChange);
    this.#frames = frames;
    // After the end this has no effect. Without an end the thread has died.
    port.on("close", () => frames.fail(new SpoolShardLostError(this.shard.index)));
    for (let i = 0; i < FRAMES_A_SHARD; i++) this.reuse(new ArrayBuffer(FRAME_BUFFER_BYTES));
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
