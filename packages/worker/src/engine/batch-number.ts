import type { Engine } from "./engine.ts";

/**
 * The reserved key: one zero byte, so that no id can be it. Write batches are counted, and one that a tick's sync asks for puts its
 * number there: together with the mark it tells whether a shard still holds what it held (uint64, big-endian).
 */
export const BATCH_NUMBER_KEY = Buffer.of(0);

/** Reserved too: what a probe writes and removes. */
export const PROBE_KEY = Buffer.of(1);

/** Keys of one byte are ours, now and later; users never see them. */
export function isReservedKey(key: Uint8Array): boolean {
  return key.byteLength === 1;
}

export function encodeBatchNumber(number: number, into: Buffer): Buffer {
  into.writeBigUInt64BE(BigInt(number));
  return into;
}

/** The number of the last numbered batch that the shard holds; 0 before the first. */
export async function readBatchNumber(engine: Engine): Promise<number> {
  const value = await engine.get(BATCH_NUMBER_KEY);
  if (value === null) return 0;
  return Number(Buffer.from(value).readBigUInt64BE());
}
