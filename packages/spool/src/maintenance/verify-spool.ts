import { SpoolId } from "@rockspool/core";
import type { ShardVerdict } from "@rockspool/worker";
import { ClosedSpool } from "./closed-spool.ts";

export interface VerifyOptions {
  /** The spool's directory. The spool must be closed. */
  readonly path: string;
  /** An abort rejects the call with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called for each group of up to 1,000 messages. */
  readonly onProgress?: ((messages: number) => void) | undefined;
}

export interface SpoolVerdict {
  /** True if the layout can be read, every shard is sound and no entry is corrupt. */
  readonly ok: boolean;
  /** Why `rockspool.json` cannot be read; null if it can. */
  readonly layoutError: string | null;
  readonly messages: number;
  /** Bytes of these messages as they were stored, before compression. */
  readonly bytes: number;
  readonly shards: readonly VerifiedShard[];
}

export interface VerifiedShard {
  readonly index: number;
  /** `sound`, `loss` (something is missing or damaged), or `unreadable` (nothing can be read, or not to its end). */
  readonly state: ShardVerdict["state"];
  readonly reason: string | null;
  /** The blocks that were on the disk and of which all or some are missing; null if no range is known. */
  readonly missingBatches: { readonly from: number; readonly to: number } | null;
  /** Messages that can be read whole. */
  readonly messages: number;
  readonly bytes: number;
  readonly corrupt: readonly CorruptEntry[];
}

export interface CorruptEntry {
  /** Null if the key is no id. */
  readonly id: string | null;
  /** The key in hex. */
  readonly key: string;
  readonly error: string;
}

/**
 * Reads every message and every mark of a closed spool, and changes nothing. The verdict says what is wrong. Rejects
 * only if the spool cannot be read at all: with a `SpoolLockedError` if it is open, with a `SpoolConfigError` if
 * there is no spool.
 */
export async function verifySpool({ path, signal, onProgress }: VerifyOptions): Promise<SpoolVerdict> {
  const spool = await ClosedSpool.open(path);
  try {
    const shards: VerifiedShard[] = [];
    for (let index = 0; index < spool.shards; index++)
      shards.push(await verifyShard(spool, index, { signal, onProgress }));
    const { layoutError } = spool;
    return {
      ok: layoutError === null && shards.every(({ state, corrupt }) => state === "sound" && corrupt.length === 0),
      layoutError,
      messages: shards.reduce((sum, shard) => sum + shard.messages, 0),
      bytes: shards.reduce((sum, shard) => sum + shard.bytes, 0),
      shards,
    };
  } finally {
    await spool.close();
  }
}

async function verifyShard(
  spool: ClosedSpool,
  index: number,
  { signal, onProgress }: Pick<VerifyOptions, "signal" | "onProgress">,
): Promise<VerifiedShard> {
  let messages = 0;
  let bytes = 0;
  const corrupt: CorruptEntry[] = [];
  for await (const record of spool.records(index, "verify")) {
    signal?.throwIfAborted();
    if (record.kind === "counted") {
      messages += record.messages;
      bytes += record.bytes;
      onProgress?.(record.messages);
    } else if (record.kind === "corrupt") {
      corrupt.push(corruptEntry(record.key, record.why));
    } else if (record.kind === "verdict") {
      const { state, reason, missing } = record;
      return { index, state, reason, missingBatches: missing, messages, bytes, corrupt };
    }
  }
  throw new Error(`shard ${index} ended without a verdict`);
}

export function corruptEntry(key: Uint8Array, error: string): CorruptEntry {
  return { id: SpoolId.tryFromBytes(key)?.toString() ?? null, key: Buffer.from(key).toString("hex"), error };
}
