/** The part of rocksdb-native 3.18 that the adapter uses; the package ships no types. */
declare module "rocksdb-native" {
  import type { EventEmitter } from "node:events";

  export interface RocksDBOptions {
    readOnly?: boolean;
    createIfMissing?: boolean;
    maxBackgroundJobs?: number;
    maxOpenFiles?: number;
    writeBufferSize?: number;
    maxWriteBufferNumber?: number;
  }

  export interface WriteBatch {
    tryPut(key: Uint8Array, value: Uint8Array): void;
    tryDelete(key: Uint8Array): void;
    flush(): Promise<void>;
    destroy(): void;
  }

  export interface ReadBatch {
    get(key: Uint8Array): Promise<Uint8Array | null>;
    flush(): Promise<void>;
    destroy(): void;
  }

  export interface Entry {
    key: Uint8Array;
    value: Uint8Array;
  }

  /** A streamx stream. */
  export interface Iterator extends EventEmitter {
    on(event: "data", listener: (entry: Entry) => void): this;
    on(event: "end", listener: () => void): this;
    once(event: "data", listener: () => void): this;
    destroy(): void;
  }

  export interface CompactOptions {
    exclusive?: boolean;
    bottommostLevelCompaction?: number;
  }

  export default class RocksDB {
    static readonly constants: { bottommostLevelCompaction: { FORCE: number } };
    constructor(path: string, options?: RocksDBOptions);
    ready(): Promise<void>;
    close(): Promise<void>;
    get(key: Uint8Array): Promise<Uint8Array | null>;
    write(options?: { capacity?: number }): WriteBatch;
    read(options?: { capacity?: number }): ReadBatch;
    iterator(range: { gt?: Uint8Array }, options: { capacity: number; limit: number }): Iterator;
    flush(): Promise<void>;
    compact(options?: CompactOptions): Promise<void>;
    getProperty(name: string): Promise<string | null | undefined>;
  }
}
