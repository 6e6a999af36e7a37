import { threadId, workerData } from "node:worker_threads";
import { type EngineErrorKind, SpoolEngineError } from "@rockspool/core";
import type { Batch, Engine, EngineEntry, EngineModule, EngineOptions, StoreHooks } from "./engine.ts";
import { toEngineError } from "./engine-error.ts";
import { type FaultError, FaultMemory, type FaultPoint, type MetFault } from "./fault-memory.ts";

/** An engine over another one. A test sets faults in shared memory; calls that meet no fault go to the inner engine. */

/** The `workerData` of the thread. */
export interface FaultEngineData {
  /** The inner engine's module, as a URL. */
  readonly engine: string;
  readonly memory: SharedArrayBuffer;
}

export async function openEngine(path: string, options: EngineOptions): Promise<Engine> {
  const { engine, memory } = workerData as FaultEngineData;
  return openFaultEngine((await import(engine)) as EngineModule, new FaultMemory(memory, shardOf(path)), path, options);
}

/** The store's calls meet the faults of the same memory. */
export function storeHooks(shard: number): StoreHooks {
  const { memory } = workerData as FaultEngineData;
  return faultHooks(new FaultMemory(memory, shard), `shard ${shard}`);
}

export function faultHooks(faults: FaultMemory, path: string): StoreHooks {
  return { around: (call, work) => meet(faults, call, path, work) };
}

/** `shard-003`, `shard-003-index-2`. */
function shardOf(path: string): number {
  return Number(/shard-(\d+)(-index-\d+)?$/.exec(path)?.[1] ?? 0);
}

export async function openFaultEngine(
  module: EngineModule,
  faults: FaultMemory,
  path: string,
  options: EngineOptions,
): Promise<Engine> {
  faults.threadId = threadId;
  const inner = await meet(faults, "open", path, () => module.openEngine(path, options));
  return new FaultEngine(inner, faults, path);
}

class FaultEngine implements Engine {
  readonly path: string;
  readonly #inner: Engine;
  readonly #faults: FaultMemory;
  #closed = false;

  constructor(inner: Engine, faults: FaultMemory, path: string) {
    this.#inner = inner;
    this.#faults = faults;
    this.path = path;
    // RocksDB counts background errors from its open.
    faults.backgroundErrors = 0;
    void this.#watch();
  }

  write(fill: (batch: Batch) => void): Promise<void> {
    return this.#inner.write(fill);
  }

  get(key: Uint8Array): Promise<Uint8Array | null> {
    return this.#inner.get(key);
  }

  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | null | Error)[]> {
    return this.#inner.getMany(keys);
  }

  page(after: Uint8Array | null, limit: number): Promise<EngineEntry[]> {
    return this.#meet("enumerate", () => this.#inner.page(after, limit));
  }

  async property(name: string): Promise<number> {
    const value = await this.#inner.property(name);
    switch (name) {
      case "background-errors":
        return value + this.#faults.backgroundErrors;
      case "is-write-stopped":
        return this.#faults.has("admission") ? 1 : value;
      // StallCheck reads the other properties again only when this one changes.
      case "current-super-version-number":
        return value + this.#faults.changes;
      default:
        return value;
    }
  }

  /** None: an enumeration reads pages, which meet the faults. */
  async tables(): Promise<null> {
    return null;
  }

  flush(): Promise<void> {
    return this.#meet("flush", () => this.#inner.flush());
  }

  compact(): Promise<void> {
    return this.#meet("compact", () => this.#inner.compact());
  }

  missingFiles(): Promise<string[]> {
    return this.#inner.missingFiles();
  }

  /** Closes the inner engine even if the close fails: otherwise the shard could not be opened again. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#faults.wake();
    let closed = false;
    const close = (): Promise<void> => {
      closed = true;
      return this.#inner.close();
    };
    try {
      await this.#meet("close", close);
    } finally {
      if (!closed) await close();
    }
  }

  /** Meets the faults at `now`, which belong to no call. */
  async #watch(): Promise<void> {
    while (!this.#closed) {
      const seen = this.#faults.changes;
      await this.#meet("now", async () => {});
      await this.#faults.change(seen);
    }
  }

  #meet<T>(point: FaultPoint, work: () => Promise<T>): Promise<T> {
    return meet(this.#faults, point, this.path, work);
  }
}

/** Does the work. The faults set for this call take effect before it, late ones after it. */
async function meet<T>(faults: FaultMemory, point: FaultPoint, path: string, work: () => Promise<T>): Promise<T> {
  const late: MetFault[] = [];
  for (const fault of faults.meet(point)) {
    if (fault.late) late.push(fault);
    else await apply(faults, fault, path);
  }
  const result = await work();
  for (const fault of late) await apply(faults, fault, path);
  return result;
}

async function apply(faults: FaultMemory, fault: MetFault, path: string): Promise<void> {
  switch (fault.does) {
    case "stall":
      return faults.released(fault);
    case "hang":
      return faults.hangUntilReleased(fault);
    case "fail":
      throw toError(fault.error, path);
    case "exit":
      process.exit(fault.exitCode);
      break;
    case "throw":
      setImmediate(() => {
        throw new Error(fault.message);
      });
      // The call needs no answer: the thread ends first.
      return new Promise(() => {});
  }
}

/** The error as the engine would have made it: without a kind, from the operating system's code. */
function toError({ kind, code, message }: FaultError, path: string): Error {
  const cause: Error = code === null ? new Error(message) : Object.assign(new Error(message), { code });
  return kind === null
    ? toEngineError(cause, path)
    : new SpoolEngineError(message, { kind: kind as EngineErrorKind, path, cause });
}
