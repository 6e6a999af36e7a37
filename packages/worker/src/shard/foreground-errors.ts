import type { LogLevel, ShardGate, SpoolEngineError } from "@rockspool/core";
import { isDefinitivelyBad } from "../engine/engine-error.ts";

export interface ForegroundErrorsParts {
  readonly gate: ShardGate;
  readonly shard: number;
  /** The shard's directory. */
  readonly path: string;
  log(level: LogLevel, fields: object, message: string): void;
}

/** Errors of calls to the engine, as `record_foreground_error` in rocks.rs counts them. */
export class ForegroundErrors {
  readonly #parts: ForegroundErrorsParts;

  constructor(parts: ForegroundErrorsParts) {
    this.#parts = parts;
  }

  /** Counts the error. A corruption or I/O error also latches the gate at once. */
  record(error: Error): void {
    const { gate, shard, path, log } = this.#parts;
    gate.countForegroundError();
    if (!isDefinitivelyBad(error)) return;
    const { kind } = error as SpoolEngineError;
    if (!gate.latch(`${kind}: ${error.message}`, Date.now(), kind === "corruption" ? kind : "io")) return;
    const latched = `fatal foreground error (${kind}); load-shedding gate latched immediately`;
    const message = `rocksdb at ${path}: ${latched}. Underlying error: ${error.message}`;
    log("error", { shard, path, kind }, message);
  }
}
