import { once } from "node:events";
import { join } from "node:path";
import RocksDB, { type ReadBatch, type WriteBatch } from "rocksdb-native";
import { GroupCommit } from "./group-commit.ts";
import type { Peer, PeerOptions } from "./peer.ts";

/** The initial capacity of a native batch, in records. */
const BATCH_CAPACITY = 1024;
/** As in a shard; RocksDB's default is 2. */
const MAX_MEMTABLES = 3;
/** Entries per native read of the iterator. The default of 8 takes twice as long. */
const ITERATOR_CAPACITY = 256;

type Write = readonly [key: Uint8Array, value: Uint8Array | null];
interface Read {
  readonly key: Uint8Array;
  value: Uint8Array | null;
}

/**
 * rocksdb-native alone, on the main thread: pending operations form one write batch or one read batch, which are
 * reused.
 */
export async function openRocksdbNative(options: PeerOptions): Promise<Peer> {
  if (options.synced) throw new Error("rocksdb-native cannot sync what it wrote");
  const db = new RocksDB(join(options.directory, "rocksdb"), {
    maxWriteBufferNumber: MAX_MEMTABLES,
    ...(options.writeBufferBytes !== null && { writeBufferSize: options.writeBufferBytes }),
  });
  await db.ready();
  return new RocksdbNativePeer(db);
}

class RocksdbNativePeer implements Peer {
  readonly #db: RocksDB;
  readonly #writeBatch: WriteBatch;
  readonly #readBatch: ReadBatch;
  readonly #writes = new GroupCommit<Write>((items) => this.#write(items));
  readonly #reads = new GroupCommit<Read>((items) => this.#read(items));

  constructor(db: RocksDB) {
    this.#db = db;
    this.#writeBatch = db.write({ capacity: BATCH_CAPACITY });
    this.#readBatch = db.read({ capacity: BATCH_CAPACITY });
  }

  store(key: Uint8Array, value: Uint8Array): Promise<void> {
    return this.#writes.add([key, value]);
  }

  async load(key: Uint8Array): Promise<Uint8Array | null> {
    const read: Read = { key, value: null };
    await this.#reads.add(read);
    return read.value;
  }

  remove(key: Uint8Array): Promise<void> {
    return this.#writes.add([key, null]);
  }

  async enumerate(visit: (key: Uint8Array, value: Uint8Array) => void): Promise<void> {
    const range = { capacity: ITERATOR_CAPACITY, limit: Number.POSITIVE_INFINITY };
    const iterator = this.#db.iterator({}, range);
    // Not `for await`, which costs a promise for each entry.
    iterator.on("data", ({ key, value }) => visit(key, value));
    await once(iterator, "close");
  }

  async settle(): Promise<void> {
    await this.#db.compact({
      exclusive: true,
      bottommostLevelCompaction: RocksDB.constants.bottommostLevelCompaction.FORCE,
    });
  }

  async close(): Promise<void> {
    // close() never resolves while a batch is not destroyed.
    this.#writeBatch.destroy();
    this.#readBatch.destroy();
    await this.#db.flush();
    await this.#db.close();
  }

  async #write(items: readonly Write[]): Promise<void> {
    for (const [key, value] of items) {
      if (value === null) this.#writeBatch.tryDelete(key);
      else this.#writeBatch.tryPut(key, value);
    }
    await this.#writeBatch.flush();
  }

  async #read(items: readonly Read[]): Promise<void> {
    const values = items.map(({ key }) => this.#readBatch.get(key));
    const [found] = await Promise.all([Promise.all(values), this.#readBatch.flush()]);
    items.forEach((item, at) => {
      item.value = found[at] ?? null;
    });
  }
}
