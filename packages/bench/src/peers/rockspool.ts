import type { RocksSpool, SpoolId } from "rockspool";
import type { Peer, PeerOptions } from "./peer.ts";

/** rockspool as in its README. Values are compressed only with `compressed`. */
export async function openRockspool(options: PeerOptions): Promise<Peer> {
  const { directory, synced, shards, writeBufferBytes, compressed, rockspoolUrl } = options;
  // The builds of two commits are measured with the same code: only the module differs.
  const module: typeof import("rockspool") = await import(rockspoolUrl ?? "rockspool");
  const spool = await module.openSpool({
    path: directory,
    shards,
    flush: synced,
    params: {
      compressionType: compressed ? "snappy" : "none",
      ...(writeBufferBytes !== null && { writeBufferSize: writeBufferBytes }),
    },
  });
  return new RockspoolPeer(spool, module.SpoolId);
}

class RockspoolPeer implements Peer {
  readonly #spool: RocksSpool;
  readonly #ids: typeof SpoolId;

  constructor(spool: RocksSpool, ids: typeof SpoolId) {
    this.#spool = spool;
    this.#ids = ids;
  }

  store(key: Uint8Array, value: Uint8Array): Promise<unknown> {
    return this.#spool.store(this.#ids.fromBytes(key), value);
  }

  load(key: Uint8Array): Promise<Uint8Array | null> {
    return this.#spool.load(this.#ids.fromBytes(key)).catch((error) => {
      if (error.code === "SPOOL_NOT_FOUND") return null;
      throw error;
    });
  }

  remove(key: Uint8Array): Promise<unknown> {
    return this.#spool.remove(this.#ids.fromBytes(key));
  }

  async enumerate(visit: (key: Uint8Array, value: Uint8Array) => void): Promise<void> {
    for await (const entry of this.#spool.enumerate()) {
      if (entry.kind === "corrupt") throw entry.error;
      visit(entry.id.bytes, entry.data);
    }
  }

  settle(): Promise<void> {
    return this.#spool.compact();
  }

  close(): Promise<void> {
    return this.#spool.shutdown();
  }
}
