import type { Logger, UnlatchKind } from "@rockspool/core";

/** What the log calls each count of errors, and where to look. */
const ERROR_COUNTS = {
  background: ["background", "check the LOG file in that directory for details"],
  foreground: ["foreground spool", "typically a read has found a table missing or damaged"],
} as const;

/** The monitor's log lines about the gate of one shard. */
export class GateLog {
  readonly #log: Logger;
  readonly #shard: number;
  readonly #path: string;

  constructor(log: Logger, shard: number, path: string) {
    this.#log = log;
    this.#shard = shard;
    this.#path = path;
  }

  errorsGrew(kind: keyof typeof ERROR_COUNTS, from: number, to: number): void {
    const [errors, hint] = ERROR_COUNTS[kind];
    this.#log.error(
      { ...this.#fields, kind, from, to },
      `rocksdb at ${this.#path}: ${errors} error count increased from ${from} to ${to}; ${hint}`,
    );
  }

  latchedForErrors(reason: string, backgroundErrors: number, foregroundErrors: number): void {
    const consequence = "stores and removes are refused now, and the LOG file may say why";
    this.#log.error(
      { ...this.#fields, kind: "errors", backgroundErrors, foregroundErrors },
      `rocksdb at ${this.#path}: load-shedding gate latched after ${reason}; ${consequence}`,
    );
  }

  latchedForHang(reason: string, silentMs: number): void {
    this.#log.error(
      { ...this.#fields, kind: "hang", silentMs },
      `rocksdb at ${this.#path}: load-shedding gate latched: ${reason}`,
    );
  }

  latchedByOperator(reason: string): void {
    this.#log.warn(
      { ...this.#fields, kind: "operator" },
      `rocksdb at ${this.#path}: load-shedding gate latched by the operator: ${reason}`,
    );
  }

  cleared(reason: string, kind: UnlatchKind, backgroundErrors: number): void {
    this.#log.info(
      { ...this.#fields, kind, backgroundErrors },
      `rocksdb at ${this.#path}: load-shedding gate cleared: ${reason}; stores and removes are accepted again`,
    );
  }

  staysLatched(failure: Error): void {
    this.#log.warn({ ...this.#fields, err: failure }, `rocksdb at ${this.#path}: stays latched: ${failure.message}`);
  }

  get #fields(): { shard: number; path: string } {
    return { shard: this.#shard, path: this.#path };
  }
}
