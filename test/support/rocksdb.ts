import { createRequire } from "node:module";

/** The part of rocksdb-native that tests use to look at a closed shard, or to damage it, behind the spool's back. */
export interface RocksDB {
  ready(): Promise<void>;
  close(): Promise<void>;
  get(key: Uint8Array): Promise<Uint8Array | null>;
  put(key: Uint8Array, value: Uint8Array): Promise<void>;
  iterator(range: object, options?: object): AsyncIterable<{ key: Uint8Array; value: Uint8Array }>;
}

interface RocksDBConstructor {
  new (path: string, options?: { readOnly?: boolean; createIfMissing?: boolean }): RocksDB;
}

// The very package that the worker uses: a second version might write another format.
const require = createRequire(createRequire(import.meta.url).resolve("@rockspool/worker/package.json"));
const RocksDB: RocksDBConstructor = require("rocksdb-native");

/** Opens the shard's database without the spool, lets `use` at it, and closes it. */
export async function withRocksDB<T>(
  path: string,
  options: { readOnly: boolean },
  use: (db: RocksDB) => Promise<T>,
): Promise<T> {
  const db = new RocksDB(path, { ...options, createIfMissing: false });
  await db.ready();
  try {
    return await use(db);
  } finally {
    await db.close();
  }
}
