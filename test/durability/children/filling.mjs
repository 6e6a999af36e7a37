import { crc32 } from "node:zlib";
import { messageIdBytes } from "../../support/message-id.mjs";
import { payload } from "../../support/payload.mjs";

export const SHARDS = 2;
/** The smallest that there are. */
export const SEGMENT_BYTES = 64 * 1024;
/** Messages of a shard's first segment, and of its second: there is no room for one more. */
export const COUNT = 10;
export const BYTES = 6000;

/**
 * The ids of a shard's messages, in the order in which they are stored.
 * @param {number} shard
 * @returns {Uint8Array<ArrayBuffer>[]}
 */
export function idsOfShard(shard) {
  const ids = [];
  for (let index = 0; ids.length < 2 * COUNT; index++) {
    const id = messageIdBytes(shard, index);
    if (crc32(id) % SHARDS === shard) ids.push(id);
  }
  return ids;
}

/**
 * Stores messages `from` to `from + COUNT - 1` of each shard, one after the other: as many blocks as messages. Every second one is synced.
 * @param {import("rockspool").Spool} spool
 * @param {number} from
 */
export async function fill(spool, from) {
  for (let shard = 0; shard < SHARDS; shard++) {
    const ids = idsOfShard(shard);
    for (let i = from; i < from + COUNT; i++) {
      const id = Buffer.from(/** @type {Uint8Array} */ (ids[i])).toString("hex");
      await spool.store(id, payload(i, BYTES), { forceSync: i % 2 === 0 });
    }
  }
}
