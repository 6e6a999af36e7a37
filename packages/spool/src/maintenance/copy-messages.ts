import { SpoolId } from "@rockspool/core";
import type { ShardRecord } from "@rockspool/worker";
import { Registry } from "prom-client";
import { openSpool } from "../open-spool.ts";
import type { RocksSpool } from "../spool.ts";

type Message = Extract<ShardRecord, { kind: "message" }>;

const MAX_GROUP_MESSAGES = 256;
const MAX_GROUP_BYTES = 8 * 1024 * 1024;
/** The upper limit of the option, so that the copy accepts every message that the source accepted. */
const MAX_PENDING_BYTES = 2 ** 30;

/** Opens the spool that messages are copied to. Its metrics go to a registry that is never scraped. */
export function openCopy(path: string, shards: number | undefined): Promise<RocksSpool> {
  return openSpool({ path, shards, maxPendingBytes: MAX_PENDING_BYTES, registry: new Registry() });
}

/** Stores messages in groups. Memory holds one group, or one message that is larger than a group. */
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
