import { DURATION_BOUNDS_SECONDS, histogramSlots } from "./histogram.ts";
import { LATCH_KINDS, UNLATCH_KINDS } from "./latch-kind.ts";

/**
 * The layout of the status memory, the `SharedArrayBuffer` that the main thread and the shards' threads share. Only
 * this file knows offsets. Each shard has a block of 1 KiB (16 cache lines), so two shards never share a cache line.
 *
 * | bytes   | what                                              | written by                                          |
 * |---------|---------------------------------------------------|-----------------------------------------------------|
 * | 0       | latched: 0 open, 1 latched (int32)                | any thread latches (exchange); main thread clears   |
 * | 4       | foreground errors (int32)                         | any thread adds; main thread exchanges              |
 * | 8       | heartbeat (int32, wraps)                          | shard thread                                        |
 * | 12      | length of the reason in bytes + 1, 0 if not set   | the thread that won the exchange on `latched`       |
 * | 16      | latched at, epoch ms (float64)                    | the thread that won the exchange on `latched`       |
 * | 24      | the sample of RocksDB's properties (float64 each) | shard thread, once a monitor tick                   |
 * | 104     | batch sizes: a histogram (float64 each)           | shard thread                                        |
 * | 200     | WAL sync durations: a histogram (float64 each)    | shard thread                                        |
 * | 640     | latches and unlatches of each kind (int32 each)   | the thread that made the transition adds            |
 * | 680     | kind of the latch (int32): index + 1, 0 if open   | the thread that won the exchange on `latched`       |
 * | 704     | the reason, UTF-8                                 | the thread that won the exchange on `latched`       |
 *
 * The memory outlives a shard's thread, so counts continue after a restart.
 */

/** The RocksDB properties in a sample, in the order of their slots. */
export const SAMPLE_FIELDS = [
  "memTableTotal",
  "memTableUnflushed",
  "memTableReadersTotal",
  "cacheTotal",
  "backgroundErrors",
  "writeStopped",
  "numRunningCompactions",
  "compactionPending",
  "estimatePendingCompactionBytes",
  "actualDelayedWriteRate",
] as const;

/** Up to the largest batch: two frames of 256 records. */
export const BATCH_SIZE_BOUNDS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512] as const;

export const TRANSITION_KINDS = [...LATCH_KINDS, ...UNLATCH_KINDS] as const;

export const BLOCK_BYTES = 1024;

/** Indices into the block as 32-bit words. */
export const Word = {
  Latched: 0,
  ForegroundErrors: 1,
  Heartbeat: 2,
  ReasonLength: 3,
  Transitions: 160,
  Kind: 170,
} as const;

/** Indices into the block as doubles. */
export const Double = { LatchedAt: 2, Sample: 3 } as const;

export const BATCH_SIZES_OFFSET_BYTES = 104;
export const SYNC_SECONDS_OFFSET_BYTES = 200;
export const REASON_OFFSET_BYTES = 704;
export const MAX_REASON_BYTES = BLOCK_BYTES - REASON_OFFSET_BYTES;

/** Offset and length of each part in bytes. No part may reach into the next one. */
const PARTS = [
  [Double.Sample * 8, SAMPLE_FIELDS.length * 8],
  [BATCH_SIZES_OFFSET_BYTES, histogramSlots(BATCH_SIZE_BOUNDS) * 8],
  [SYNC_SECONDS_OFFSET_BYTES, histogramSlots(DURATION_BOUNDS_SECONDS) * 8],
  [Word.Transitions * 4, TRANSITION_KINDS.length * 4],
  [Word.Kind * 4, 4],
  [REASON_OFFSET_BYTES, MAX_REASON_BYTES],
] as const;
PARTS.forEach(([start, length], i) => {
  if (start + length > (PARTS[i + 1]?.[0] ?? BLOCK_BYTES))
    throw new Error(`the status block's part at ${start} is too long`);
});
