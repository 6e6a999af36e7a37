import { basename } from "node:path";
import { threadId, workerData } from "node:worker_threads";
import { type EngineErrorKind, SpoolEngineError } from "@rockspool/core";
import type { Evidence } from "../recovery/evidence.ts";
import { BATCH_NUMBER_KEY } from "./batch-number.ts";
import type { Batch, Engine, EngineEntry, EngineModule, EngineOptions } from "./engine.ts";
import { toEngineError } from "./engine-error.ts";
import { type FaultError, FaultMemory, type FaultPoint, type MetFault } from "./fault-memory.ts";

/** An engine that does what a test tells it through shared memory, and otherwise what the engine within does. */

/** What the thread is started with. */
export interface FaultEngineData {
  /** The module of the engine within, as a URL. */
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
  // The look at a shard before it is opened is no opening.
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
    // RocksDB counts from its opening.
    faults.backgroundErrors = 0;
    void this.#watch();
  }

  write(fill: (batch: Batch) => void): Promise<void> {
    return this.#meet("write", () => this.#inner.write(fill));
  }

  /** A failure is final, as with every engine: the shard must be opened again. */
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
    // Reading the shard's own number is a part of its opening.
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

  async figure(property: string): Promise<number> {
    const figure = await this.#inner.figure(property);
    switch (property) {
      case "background-errors":
        return figure + this.#faults.backgroundErrors;
      case "is-write-stopped":
        return this.#faults.has("admission") ? 1 : figure;
      // What admission goes by, to see whether anything has changed.
      case "current-super-version-number":
        return figure + this.#faults.changes;
      default:
        return figure;
    }
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

  restore(missing: readonly string[]): Promise<void> {
    return this.#inner.restore(missing);
  }

  get logs(): Engine["logs"] {
    return this.#inner.logs;
  }

  evidence(): Promise<Evidence | null> {
    return this.#inner.evidence();
  }

  /** A close that fails has closed all the same, or the shard could not be opened again. */
  async close(isSpoolGone?: boolean): Promise<void> {
    this.#closed = true;
    this.#faults.wake();
    let closed = false;
    const close = (): Promise<void> => {
      closed = true;
      return this.#inner.close(isSpoolGone);
    };
    try {
      await this.#meet("close", close);
    } finally {
      if (!closed) await close();
    }
  }

  /** Meets the faults of no call. */
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

/** Does the work, and before or after it what the test has set for this call. */
async function meet<T>(faults: FaultMemory, point: FaultPoint, path: string, work: () => Promise<T>): Promise<T> {
  const late: MetFault[] = [];
  for (const fault of faults.meet(point)) {
    if (fault.late) late.push(fault);
    else await suffer(faults, fault, path);
  }
  const result = await work();
  for (const fault of late) await suffer(faults, fault, path);
  return result;
}

async function suffer(faults: FaultMemory, fault: MetFault, path: string): Promise<void> {
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
      // The thread is gone before anyone misses the answer.
      return new Promise(() => {});
  }
}

/** As the engine would have made it: a code without a kind is one of the operating system. */
function toError({ kind, code, message }: FaultError, path: string): Error {
  const cause: Error = code === null ? new Error(message) : Object.assign(new Error(message), { code });
  return kind === null
    ? toEngineError(cause, path)
    : new SpoolEngineError(message, { kind: kind as EngineErrorKind, path, cause });
}
