import type { Engine } from "./engine.ts";

/** The number of the newest block of the message log that the index's tables hold (uint64, big-endian). */
export const APPLIED_KEY = Buffer.of(0);

/** The id of the record that a proof writes and removes: no UUID, so no message has it. */
export const PROOF_KEY = Buffer.alloc(16);

/** Keys of one byte and the proof's id are reserved: users never see them. */
export function isReservedKey(key: Uint8Array): boolean {
  return key.byteLength === 1 || PROOF_KEY.equals(key);
}

export function encodeApplied(block: number): Buffer {
  const value = Buffer.alloc(8);
  value.writeBigUInt64BE(BigInt(block));
  return value;
}

/** The newest block that the index is known to hold; -1 where it does not say. */
export async function readApplied(index: Engine): Promise<number> {
  const value = await index.get(APPLIED_KEY);
  return value === null || value.byteLength !== 8 ? -1 : Number(Buffer.from(value).readBigUInt64BE());
}
