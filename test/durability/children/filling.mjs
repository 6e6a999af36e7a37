import { crc32 } from "node:zlib";
import { messageIdBytes } from "../../support/message-id.mjs";

export const SHARDS = 2;
/** Messages a shard has in tables, and again as many in its log. */
export const COUNT = 12;
export const BYTES = 1500;

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
