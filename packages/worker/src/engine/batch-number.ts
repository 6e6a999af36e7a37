import type { Engine } from "./engine.ts";

/**
 * Holds the number of the newest numbered batch (uint64, big-endian). Write batches are counted, and a monitor tick's
 * sync makes one write its number here. If it is lower than the mark's number, the shard has lost batches.
 */
export const BATCH_NUMBER_KEY = Buffer.of(0);

/** The key of the record that a proof writes and removes. */
export const PROOF_KEY = Buffer.of(1);

/** Keys of one byte are reserved: an id has 16, so users never see them. */
export function isReservedKey(key: Uint8Array): boolean {
  return key.byteLength === 1;
}

export function encodeBatchNumber(number: number, into: Buffer): Buffer {
  into.writeBigUInt64BE(BigInt(number));
  return into;
}

/** The number of the newest numbered batch that the shard holds; 0 before the first. */
export async function readBatchNumber(engine: Engine): Promise<number> {
  const value = await engine.get(BATCH_NUMBER_KEY);
  if (value === null) return 0;
  return Number(Buffer.from(value).readBigUInt64BE());
}
