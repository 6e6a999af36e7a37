import { payload } from "../support/payload.mjs";

const LARGE_BYTES = 6000;

/** Value number `value` as a message; every fourth is large enough to be compressed. */
export function bytesOf(value: number): Uint8Array {
  const bytes = payload(value, 4 + (value % 4 === 0 ? LARGE_BYTES : value % 50));
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** Throws where it is not whole. */
export function numberOf(bytes: Uint8Array): number {
  const value = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  if (Buffer.compare(bytes, bytesOf(value)) !== 0) throw new Error(`value ${value} is not whole`);
  return value;
}
