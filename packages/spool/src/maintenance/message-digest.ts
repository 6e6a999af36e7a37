import { createHash } from "node:crypto";
import type { ShardRecord } from "@rockspool/worker";

type Message = Pick<Extract<ShardRecord, { kind: "message" }>, "id" | "data">;

/** The bits of a message's SHA-256 that enter the sum. */
const SUM_BITS = 128;

/**
 * The digest of a set of messages, whatever their order. Equal digests mean equal ids and data. It holds the number of
 * messages, their bytes and the sum of their hashes: with an exclusive or instead of the sum, a message that occurs
 * twice would cancel itself out.
 */
export class MessageDigest {
  messages = 0;
  bytes = 0;
  #sum = 0n;

  add({ id, data }: Message): void {
    this.messages++;
    this.bytes += data.byteLength;
    const hash = createHash("sha256").update(id).update(data).digest();
    const bits = hash.readBigUInt64LE(0) + (hash.readBigUInt64LE(8) << 64n);
    this.#sum = BigInt.asUintN(SUM_BITS, this.#sum + bits);
  }

  equals(other: MessageDigest): boolean {
    return this.messages === other.messages && this.bytes === other.bytes && this.#sum === other.#sum;
  }
}
