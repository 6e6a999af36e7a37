import { SpoolLockedError, SpoolShardLostError } from "@rockspool/core";

/** The first pause before a shard is opened again. Each further pause is twice as long, up to the maximum. */
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 30_000;

/** A thread that served the shard for longer than this begins with the first pause again when it dies. */
const QUIET_MS = 60_000;

/**
 * A dead thread releases RocksDB's lock shortly after its exit. After this many attempts something else holds the lock.
 */
const MAX_LOCKED_ATTEMPTS = 10;

/**
 * Decides when a shard whose thread died is opened again. Pure: times come in, pauses go out.
 *
 *     opened ──▶ died: pause ──▶ attempt ──▶ opened
 *                        ▲          │
 *                        └──────────┴──▶ failed: pause, or null
 */
export class RestartPolicy {
  #restarts = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #openedAtMs = 0;
  #lockedAttempts = 0;

  /** How often a thread that served the shard has died. */
  get restarts(): number {
    return this.#restarts;
  }

  /** The shard was opened. */
  opened(nowMs: number): void {
    this.#openedAtMs = nowMs;
    this.#lockedAttempts = 0;
  }

  /** The thread that served the shard died. Returns the pause before the first attempt to open it again. */
  died(nowMs: number): number {
    this.#restarts++;
    if (nowMs - this.#openedAtMs > QUIET_MS) this.#pauseMs = FIRST_PAUSE_MS;
    return this.#nextPause();
  }

  /**
   * An attempt to open the shard failed. Returns the pause before the next attempt, or null if there is none: the first
   * open has no second attempt, and an engine's error does not pass by itself.
   */
  failed(error: unknown): number | null {
    return this.#restarts > 0 && this.#mayPass(error) ? this.#nextPause() : null;
  }

  #mayPass(error: unknown): boolean {
    if (error instanceof SpoolLockedError) return ++this.#lockedAttempts < MAX_LOCKED_ATTEMPTS;
    // The new thread died too.
    return error instanceof SpoolShardLostError;
  }

  #nextPause(): number {
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
    return pauseMs;
  }
}
