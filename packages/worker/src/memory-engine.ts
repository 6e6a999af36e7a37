import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { deserialize, serialize } from "node:v8";
import type { Batch, Engine, EngineEntry, EngineOptions } from "./engine.ts";
import { toEngineError } from "./engine-error.ts";

/**
 * The engine in memory: for tests of everything around an engine. What it holds lasts from one open to the next through one
 * file, written whenever RocksDB would have the data on the disk.
 */
const FILE = "memory";

export async function openEngine(path: string, options: EngineOptions): Promise<Engine> {
  const file = join(path, FILE);
  try {
    if (options.mode === "create") {
      await mkdir(path, { recursive: true });
      return new MemoryEngine(file, new Map(), false);
    }
    const entries = deserialize(await readFile(file)) as [string, Uint8Array][];
    return new MemoryEngine(file, new Map(entries), options.mode === "read-only");
  } catch (error) {
    throw toEngineError(error, path);
  }
}

class MemoryEngine implements Engine {
  readonly #file: string;
  readonly #readOnly: boolean;
  /** By key in hex, whose order is the order of the bytes. */
  readonly #entries: Map<string, Uint8Array>;

  #saved: Promise<void> = Promise.resolve();

  constructor(file: string, entries: Map<string, Uint8Array>, readOnly: boolean) {
    this.#file = file;
    this.#entries = entries;
    this.#readOnly = readOnly;
  }

  async write(fill: (batch: Batch) => void): Promise<void> {
    if (this.#readOnly) throw toEngineError(new Error("the shard is open read-only"), dirname(this.#file));
    fill({
      put: (key, value) => this.#entries.set(hex(key), Uint8Array.from(value)),
      remove: (key) => this.#entries.delete(hex(key)),
    });
  }

  /** One after another: they share a temporary file. */
  sync(): Promise<void> {
    if (!this.#readOnly) this.#saved = this.#saved.then(() => this.#save());
    return this.#saved;
  }

  async #save(): Promise<void> {
    const temporary = `${this.#file}.tmp`;
    await writeFile(temporary, serialize([...this.#entries]));
    await rename(temporary, this.#file);
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

  async figure(): Promise<number> {
    return 0;
  }

  async flush(): Promise<void> {
    await this.sync();
  }

  async compact(): Promise<void> {}

  async missingFiles(): Promise<string[]> {
    return [];
  }

  async restore(): Promise<void> {}

  async evidence(): Promise<null> {
    return null;
  }

  async close(): Promise<void> {
    await this.sync();
  }
}

function hex(key: Uint8Array): string {
  return Buffer.from(key).toString("hex");
}
