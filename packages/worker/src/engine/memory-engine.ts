import {
  closeSync,
  constants,
  openSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import type { Batch, Engine, EngineEntry, EngineOptions } from "./engine.ts";
import { toEngineError } from "./engine-error.ts";

/**
 * An engine in memory, to test the code around an engine. As with RocksDB, the operating system has a batch once it is
 * written: it is a record in a log file, which the next open reads. Nothing is synced. Instead a second file holds how
 * many bytes of the log a real sync would have put on the disk, so that a test can cut off the rest.
 *
 *     record = length of the batch (4 bytes, little-endian) | the batch, as [key in hex, value or null for a remove][]
 */
const FILE = "memory";
const SYNCED_FILE = "memory.synced";
const LENGTH_BYTES = 4;
/** The number is text, padded to the length of the largest. */
const SYNCED_BYTES = 16;

type Change = readonly [key: string, value: Uint8Array | null];

export async function openEngine(path: string, { mode }: EngineOptions): Promise<Engine> {
  const file = join(path, FILE);
  try {
    if (mode === "create") {
      await mkdir(path, { recursive: true });
      writeFileSync(file, "", { flag: "a" });
    }
    return new MemoryEngine(path, mode === "read-only");
  } catch (error) {
    throw toEngineError(error, path);
  }
}

class MemoryEngine implements Engine {
  readonly files = null;
  readonly #path: string;
  readonly #file: string;
  #bytes = 0;
  #synced: number | null = null;
  /** By key in hex, which sorts as the bytes do. */
  readonly #entries = new Map<string, Uint8Array>();
  /** Null if the engine is open read-only. */
  #log: number | null = null;

  constructor(path: string, readOnly: boolean) {
    this.#path = path;
    this.#file = join(path, FILE);
    const log = readFileSync(this.#file);
    while (this.#bytes + LENGTH_BYTES <= log.byteLength) {
      const start = this.#bytes + LENGTH_BYTES;
      const end = start + log.readUInt32LE(this.#bytes);
      // An incomplete record was never synced.
      if (end > log.byteLength) break;
      this.#apply(deserialize(log.subarray(start, end)) as Change[]);
      this.#bytes = end;
    }
    if (readOnly) return;
    truncateSync(this.#file, this.#bytes);
    this.#log = openSync(this.#file, "a");
    this.#synced = openSync(join(this.#path, SYNCED_FILE), constants.O_WRONLY | constants.O_CREAT);
    this.#recordSynced();
  }

  async write(fill: (batch: Batch) => void): Promise<void> {
    if (this.#log === null) throw toEngineError(new Error("the shard is open read-only"), this.#path);
    const changes: Change[] = [];
    fill({
      put: (key, value) => changes.push([hex(key), Uint8Array.from(value)]),
      remove: (key) => changes.push([hex(key), null]),
    });
    // One call: a terminated thread leaves either all of the record or nothing.
    this.#bytes += writeSync(this.#log, record(changes));
    this.#apply(changes);
  }

  #apply(changes: readonly Change[]): void {
    for (const [key, value] of changes) {
      if (value === null) this.#entries.delete(key);
      else this.#entries.set(key, value);
    }
  }

  async sync(): Promise<void> {
    if (this.#log !== null) this.#recordSynced();
  }

  /** One call, as in `write`: the number in the file is always complete. */
  #recordSynced(bytes: number = this.#bytes): void {
    writeSync(this.#synced as number, String(bytes).padStart(SYNCED_BYTES), 0);
  }

  async get(key: Uint8Array): Promise<Uint8Array | null> {
    return this.#entries.get(hex(key)) ?? null;
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | null | Error)[]> {
    return keys.map((key) => this.#entries.get(hex(key)) ?? null);
  }

  async page(after: Uint8Array | null, limit: number): Promise<EngineEntry[]> {
    const start = after === null ? "" : hex(after);
    const keys = [...this.#entries.keys()].filter((key) => after === null || key > start).sort();
    return keys.slice(0, limit).map((key) => ({
      key: Buffer.from(key, "hex"),
      value: this.#entries.get(key) as Uint8Array,
    }));
  }

  async property(): Promise<number> {
    return 0;
  }

  flush(): Promise<void> {
    return this.sync();
  }

  async compact(): Promise<void> {
    if (this.#log === null) return;
    const temporary = `${this.#file}.tmp`;
    const all = record([...this.#entries]);
    writeFileSync(temporary, all);
    // A thread may be terminated between these calls: all that either file holds counts as synced.
    this.#recordSynced(Number.MAX_SAFE_INTEGER);
    renameSync(temporary, this.#file);
    closeSync(this.#log);
    this.#log = openSync(this.#file, "a");
    this.#bytes = all.byteLength;
    this.#recordSynced();
  }

  async close(): Promise<void> {
    if (this.#log !== null) closeSync(this.#log);
    if (this.#synced !== null) closeSync(this.#synced);
    this.#log = this.#synced = null;
  }
}

function record(changes: readonly Change[]): Buffer {
  const batch = serialize(changes);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(batch.byteLength);
  return Buffer.concat([length, batch]);
}

function hex(key: Uint8Array): string {
  return Buffer.from(key).toString("hex");
}
