import { ShardGate } from "./gate.ts";
import { DURATION_BOUNDS_SECONDS, Histogram, histogramSlots } from "./histogram.ts";
import {
  BATCH_SIZE_BOUNDS,
  BATCH_SIZES_OFFSET_BYTES,
  BLOCK_BYTES,
  Double,
  REASON_OFFSET_BYTES,
  SAMPLE_FIELDS,
  SYNC_SECONDS_OFFSET_BYTES,
  Word,
} from "./layout.ts";

export { SAMPLE_FIELDS };

/** One reading of RocksDB's properties. */
export type Sample = Record<(typeof SAMPLE_FIELDS)[number], number>;

export function createStatusMemory(shards: number): SharedArrayBuffer {
  return new SharedArrayBuffer(shards * BLOCK_BYTES);
}

/** One shard's status block: its gate, its heartbeat and the measurements of its thread. Both sides use this class. */
export class ShardStatus {
  readonly gate: ShardGate;
  /** Records per written batch. Only the shard's thread adds. */
  readonly batchSizes: Histogram;
  /** Durations of successful WAL syncs, in seconds. Only the shard's thread adds. */
  readonly syncSeconds: Histogram;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;

  constructor(memory: SharedArrayBuffer, shard: number) {
    const start = shard * BLOCK_BYTES;
    const histogram = (offset: number, bounds: readonly number[]): Histogram =>
      new Histogram(bounds, new Float64Array(memory, start + offset, histogramSlots(bounds)));
    this.gate = new ShardGate(memory, shard);
    this.batchSizes = histogram(BATCH_SIZES_OFFSET_BYTES, BATCH_SIZE_BOUNDS);
    this.syncSeconds = histogram(SYNC_SECONDS_OFFSET_BYTES, DURATION_BOUNDS_SECONDS);
    this.#words = new Int32Array(memory, start, REASON_OFFSET_BYTES / 4);
    this.#doubles = new Float64Array(memory, start, REASON_OFFSET_BYTES / 8);
  }

  /** Called by the shard's thread to show that its event loop runs. */
  beat(): void {
    Atomics.add(this.#words, Word.Heartbeat, 1);
  }

  get heartbeat(): number {
    return Atomics.load(this.#words, Word.Heartbeat);
  }

  writeSample(sample: Sample): void {
    SAMPLE_FIELDS.forEach((field, i) => {
      this.#doubles[Double.Sample + i] = sample[field];
    });
  }

  /** May mix values of two ticks, which does no harm: each is a gauge of its own. */
  readSample(): Sample {
    const sample = {} as Sample;
    SAMPLE_FIELDS.forEach((field, i) => {
      sample[field] = this.#doubles[Double.Sample + i] ?? 0;
    });
    return sample;
  }
}
