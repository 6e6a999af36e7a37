/**
 * A thread hangs if its heartbeat stands still for this many ticks and this long: with short ticks a busy machine
 * misses some.
 */
const MAX_MISSED_BEATS = 3;
const MIN_HANG_MS = 2000;

/** Detects a shard's thread that hangs. Pure: each monitor tick passes the heartbeat and the time. */
export class HeartbeatWatch {
  #heartbeat = -1;
  #missedBeats = 0;
  #beatAtMs: number;

  constructor(nowMs: number) {
    this.#beatAtMs = nowMs;
  }

  /**
   * Returns for how long the thread has not beaten, in ms, if it hangs; otherwise null. A shard that is not served has
   * no thread that could beat, so its ticks count as beats.
   */
  tick(heartbeat: number, isServed: boolean, nowMs: number): number | null {
    if (heartbeat !== this.#heartbeat || !isServed) {
      this.#heartbeat = heartbeat;
      this.#missedBeats = 0;
      this.#beatAtMs = nowMs;
      return null;
    }
    this.#missedBeats++;
    const silentMs = nowMs - this.#beatAtMs;
    return this.#missedBeats >= MAX_MISSED_BEATS && silentMs >= MIN_HANG_MS ? silentMs : null;
  }
}
