import type { RocksSpool } from "rockspool";
import { expect } from "vitest";
import { payload } from "../../support/payload.mjs";

/** Small tables and segments, and short waits, so that there is something to kill and time to heal. */
export const SMALL_TABLES = {
  shards: 1,
  monitorInterval: 20,
  params: { writeBufferSize: 64 * 1024, segmentSize: 256 * 1024, errorUnlatchDuration: 150, compressionType: "none" },
} as const;
export const MESSAGE_BYTES = 4000;

/** Every message, by its id, is `payload(seed, MESSAGE_BYTES)`. */
export async function expectWhole(spool: RocksSpool, stored: ReadonlyMap<string, number>): Promise<void> {
  for (const [id, seed] of stored)
    expect(Buffer.from(await spool.load(id)).equals(payload(seed, MESSAGE_BYTES)), id).toBe(true);
}

export const isLatched = (spool: RocksSpool): boolean => spool.health()[0]?.latched === true;
