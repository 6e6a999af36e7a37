import type { Batch, Engine, EngineEntry, EngineOptions } from "./engine.ts";

/**
 * An index in memory, for tests of the code around it, and for a shard that serves reads after a loss. It holds nothing
 * after it is closed: the next opening makes it anew from the message log.
 */
export async function openEngine(path: string, _options: EngineOptions): Promise<Engine> {
  return new MemoryEngine(path);
}

class MemoryEngine implements Engine {
  readonly path: string;
  /** By key in latin1, which sorts as the bytes do. */
  readonly #entries = new Map<string, Uint8Array>();
  #sorted: string[] | null = null;

  constructor(path: string) {
    this.path = path;
  }

  async write(fill: (batch: Batch) => void): Promise<void> {
    const changes: (() => void)[] = [];
    fill({
      put: (key, value) => {
        const [name, copy] = [nameOf(key), Uint8Array.from(value)];
        changes.push(() => {
          if (!this.#entries.has(name)) this.#sorted = null;
          this.#entries.set(name, copy);
        });
      },
      remove: (key) => {
        const name = nameOf(key);
        changes.push(() => {
          if (this.#entries.delete(name)) this.#sorted = null;
        });
      },
    });
    for (const change of changes) change();
  }

  async get(key: Uint8Array): Promise<Uint8Array | null> {
    return this.#entries.get(nameOf(key)) ?? null;
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | null | Error)[]> {
    return keys.map((key) => this.#entries.get(nameOf(key)) ?? null);
  }

  async page(after: Uint8Array | null, limit: number): Promise<EngineEntry[]> {
    this.#sorted ??= [...this.#entries.keys()].sort();
    const sorted = this.#sorted;
    const start = after === null ? 0 : firstAfter(sorted, nameOf(after));
    return sorted.slice(start, start + limit).map((name) => ({
      key: Buffer.from(name, "latin1"),
      value: this.#entries.get(name) as Uint8Array,
    }));
  }

  async property(): Promise<number> {
    return 0;
  }

  async tables(): Promise<null> {
    return null;
  }

  async flush(): Promise<void> {}

  async compact(): Promise<void> {}

  async missingFiles(): Promise<string[]> {
    return [];
  }

  async close(): Promise<void> {}
}

/** The index of the first name behind `name`. */
function firstAfter(sorted: readonly string[], name: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as string) <= name) low = middle + 1;
    else high = middle;
  }
  return low;
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("latin1");
}
