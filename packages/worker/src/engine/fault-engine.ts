import { basename } from "node:path";
import { threadId, workerData } from "node:worker_threads";
import { type EngineErrorKind, SpoolEngineError } from "@rockspool/core";
import { BATCH_NUMBER_KEY } from "./batch-number.ts";
import type { Batch, Engine, EngineEntry, EngineModule, EngineOptions } from "./engine.ts";
import { toEngineError } from "./engine-error.ts";
import type { EngineFiles } from "./engine-files.ts";
import { type FaultError, FaultMemory, type FaultPoint, type MetFault } from "./fault-memory.ts";

/** An engine over another one. A test sets faults in shared memory; calls that meet no fault go to the inner engine. */

/** The `workerData` of the thread. */
export interface FaultEngineData {
  /** The inner engine's module, as a URL. */
  readonly engine: string;
  readonly memory: SharedArrayBuffer;
}

export function openEngine(path: string, options: EngineOptions): Promise<Engine> {
  return openFaultEngine(workerData as FaultEngineData, path, options);
}

export async function openFaultEngine(
  { engine, memory }: FaultEngineData,
  path: string,
  options: EngineOptions,
): Promise<Engine> {
  const faults = new FaultMemory(memory, Number(/\d+$/.exec(basename(path))?.[0] ?? 0));
  faults.threadId = threadId;
  const module = (await import(engine)) as EngineModule;
  const open = (): Promise<Engine> => module.openEngine(path, options);
  // The inspection before an open is read-only: it meets no fault of "open".
  const inner = options.mode === "read-only" ? await open() : await meet(faults, "open", path, open);
  return new FaultEngine(inner, faults, path);
}

class FaultEngine implements Engine {
  readonly #inner: Engine;
  readonly #faults: FaultMemory;
  readonly #path: string;
  #closed = false;
  #syncFailure: Error | null = null;

  constructor(inner: Engine, faults: FaultMemory, path: string) {
    this.#inner = inner;
    this.#faults = faults;
    this.#path = path;
    // RocksDB counts background errors from its open.
    faults.backgroundErrors = 0;
    void this.#watch();
  }

  write(fill: (batch: Batch) => void): Promise<void> {
    return this.#meet("write", () => this.#inner.write(fill));
  }

  /** A failure is final, as for every engine: the shard must be opened again. */
  async sync(): Promise<void> {
    if (this.#syncFailure !== null) throw this.#syncFailure;
    try {
      await this.#meet("sync", () => this.#inner.sync());
    } catch (error) {
      this.#syncFailure = error as Error;
      throw error;
    }
  }

  get(key: Uint8Array): Promise<Uint8Array | null> {
    // The batch number is read during the open, which has a fault point of its own.
    return BATCH_NUMBER_KEY.equals(key) ? this.#inner.get(key) : this.#meet("read", () => this.#inner.get(key));
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | null | Error)[]> {
    try {
      return await this.#meet("read", () => this.#inner.getMany(keys));
    } catch (error) {
      return keys.map(() => error as Error);
    }
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

  flush(): Promise<void> {
    return this.#meet("flush", () => this.#inner.flush());
  }

  compact(): Promise<void> {
    return this.#meet("compact", () => this.#inner.compact());
  }

  get files(): EngineFiles | null {
    return this.#inner.files;
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
    return meet(this.#faults, point, this.#path, work);
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
