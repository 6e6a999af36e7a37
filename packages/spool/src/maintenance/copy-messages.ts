import { createHash } from "node:crypto";
import { SpoolId } from "@rockspool/core";
import type { ShardRecord } from "@rockspool/worker";
import { Registry } from "prom-client";
import { openSpool } from "../open-spool.ts";
import type { RocksSpool } from "../spool.ts";

type Message = Extract<ShardRecord, { kind: "message" }>;

const MAX_GROUP_MESSAGES = 256;
const MAX_GROUP_BYTES = 8 * 1024 * 1024;
/** As much as any spool takes: a message that was stored once can be stored again. */
const MAX_PENDING_BYTES = 2 ** 30;

/** The spool that messages are copied to. Its metrics are nobody's. */
export function openCopy(path: string, shards: number | undefined): Promise<RocksSpool> {
  return openSpool({ path, shards, maxPendingBytes: MAX_PENDING_BYTES, registry: new Registry() });
}

/** Stores messages, a group at a time: memory holds one group, or one message that is larger. */
export class Copier {
  readonly #spool: RocksSpool;
  #group: Message[] = [];
  #bytes = 0;

  constructor(spool: RocksSpool) {
    this.#spool = spool;
  }

  async add(message: Message): Promise<void> {
    this.#group.push(message);
    this.#bytes += message.data.byteLength;
    if (this.#group.length >= MAX_GROUP_MESSAGES || this.#bytes >= MAX_GROUP_BYTES) await this.flush();
  }

  async flush(): Promise<void> {
    const group = this.#group;
    this.#group = [];
    this.#bytes = 0;
    await Promise.all(group.map(({ id, data }) => this.#spool.store(SpoolId.fromBytes(id), data)));
  }
}

/** What a set of messages is, whatever their order: equal tallies are equal messages, byte for byte. */
export class Tally {
  messages = 0;
  bytes = 0;
  #sum = 0n;

  add({ id, data }: Message): void {
    this.messages++;
    this.bytes += data.byteLength;
    const digest = createHash("sha256").update(id).update(data).digest();
    this.#sum = BigInt.asUintN(128, this.#sum + digest.readBigUInt64LE(0) + (digest.readBigUInt64LE(8) << 64n));
  }

  equals(other: Tally): boolean {
    return this.messages === other.messages && this.bytes === other.bytes && this.#sum === other.#sum;
  }
}
