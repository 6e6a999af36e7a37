import { join } from "node:path";
import { open, type RootDatabase, type RootDatabaseOptions } from "lmdb";
import { GroupCommit } from "./group-commit.ts";
import type { Peer, PeerOptions } from "./peer.ts";

interface Read {
  readonly key: Uint8Array;
  value: Uint8Array | null;
}

/**
 * lmdb: asynchronous puts, which it batches into transactions itself, and synchronous gets. Values are stored
 * unencoded. A put resolves when it is committed; with `synced`, when it is flushed too.
 */
export function openLmdb(options: PeerOptions): Promise<Peer> {
  return openWith(options, {});
}

/**
 * Without a flush after each commit: a crash of the machine may corrupt the whole database. A crash of the process
 * loses nothing.
 */
export function openLmdbNoSync(options: PeerOptions): Promise<Peer> {
  return openWith(options, { noSync: true });
}

async function openWith(options: PeerOptions, more: Pick<RootDatabaseOptions, "noSync">): Promise<Peer> {
  const db = open<Buffer, Uint8Array>({
    path: join(options.directory, "lmdb"),
    encoding: "binary",
    keyEncoding: "binary",
    // Does not zero memory before it is written; the documentation says that this is faster.
    noMemInit: true,
    compression: options.compressed,
    ...more,
  });
  return new LmdbPeer(db, options.synced);
}

class LmdbPeer implements Peer {
  readonly #db: RootDatabase<Buffer, Uint8Array>;
  readonly #synced: boolean;
  // The gets of one turn are done together, and the event loop runs between two groups.
  readonly #reads = new GroupCommit<Read>((items) => {
    for (const item of items) item.value = this.#db.get(item.key) ?? null;
  });

  constructor(db: RootDatabase<Buffer, Uint8Array>, synced: boolean) {
    this.#db = db;
    this.#synced = synced;
  }

  store(key: Uint8Array, value: Uint8Array): Promise<unknown> {
    const committed = this.#db.put(key, value as Buffer);
    return this.#synced ? this.#flushed(committed) : committed;
  }

  async load(key: Uint8Array): Promise<Uint8Array | null> {
    const read: Read = { key, value: null };
    await this.#reads.add(read);
    return read.value;
  }

  remove(key: Uint8Array): Promise<unknown> {
    const committed = this.#db.remove(key);
    return this.#synced ? this.#flushed(committed) : committed;
  }

  async enumerate(visit: (key: Uint8Array, value: Uint8Array) => void): Promise<void> {
    for (const { key, value } of this.#db.getRange({})) visit(key, value);
  }

  async settle(): Promise<void> {
    await this.#db.flushed;
  }

  async close(): Promise<void> {
    await this.#db.flushed;
    await this.#db.close();
  }

  async #flushed(committed: Promise<boolean>): Promise<void> {
    await committed;
    await this.#db.flushed;
  }
}
