import { SpoolId } from "@rockspool/core";
import type { ShardVerdict } from "@rockspool/worker";
import { ClosedSpool } from "./closed-spool.ts";

export interface VerifyOptions {
  /** The spool's directory. Nobody may have it open. */
  readonly path: string;
  /** Ends it: rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called for each thousand messages, or fewer. */
  readonly onProgress?: ((messages: number) => void) | undefined;
}

export interface SpoolVerdict {
  /** Whether all is well. */
  readonly ok: boolean;
  /** What is wrong with `rockspool.json`; null where it is well. */
  readonly layoutError: string | null;
  readonly messages: number;
  /** Of the messages, as they were stored. */
  readonly bytes: number;
  readonly shards: readonly VerifiedShard[];
}

export interface VerifiedShard {
  readonly index: number;
  /** `sound`, `loss` (something that was there is missing), `unreadable` (RocksDB cannot read it, or not to the end). */
  readonly state: ShardVerdict["state"];
  readonly reason: string | null;
  /** Batches that were on the disk and of which all or some are not there, first and last; null where none are known to be missing. */
  readonly missingBatches: { readonly from: number; readonly to: number } | null;
  /** Messages that are there and whole. */
  readonly messages: number;
  readonly bytes: number;
  readonly corrupt: readonly CorruptEntry[];
}

export interface CorruptEntry {
  /** Null where the key is no id. */
  readonly id: string | null;
  /** In hex. */
  readonly key: string;
  readonly error: string;
}

/**
 * Reads a whole spool, every value and every mark, and changes nothing in it. What is wrong with it is in the verdict; rejects
 * where it cannot be looked at: a `SpoolLockedError` where somebody has it open, a `SpoolConfigError` where there is none.
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
  throw new Error(`shard ${index} came to no verdict`);
}

export function corruptEntry(key: Uint8Array, error: string): CorruptEntry {
  return { id: SpoolId.tryFromBytes(key)?.toString() ?? null, key: Buffer.from(key).toString("hex"), error };
}
