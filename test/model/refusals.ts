import { type RocksSpool, SpoolEngineError, SpoolError } from "rockspool";

/** What a spool must refuse, and when it must have latched. */

interface Called {
  readonly do: "store" | "remove";
  readonly shard: number;
  readonly deadlineMs: number | null;
}

/** The code by which a write that is called now must be rejected, as not written; null where it may be taken. */
export function refusalNow(spool: RocksSpool, full: boolean, { do: does, shard, deadlineMs }: Called): string | null {
  if (full && does === "store") return "SPOOL_FULL";
  if (spool.health()[shard]?.latched) return "SPOOL_UNHEALTHY";
  return deadlineMs !== null && deadlineMs < 0 ? "SPOOL_CALLER_DEADLINE" : null;
}

/**
 * `error` null: it was taken. A shard's thread may latch the gate after it was looked at, and a latch comes before a
 * deadline.
 */
export function expectRefused(refusal: string, error: unknown): void {
  const codes = refusal === "SPOOL_CALLER_DEADLINE" ? [refusal, "SPOOL_UNHEALTHY"] : [refusal];
  if (error instanceof SpoolError && codes.includes(error.code) && error.outcome === "not-written") return;
  const came = error instanceof SpoolError ? `${error.code} ${error.outcome}` : String(error ?? "taken");
  throw new Error(`a write was to be refused as ${refusal}, not written, and was: ${came}`);
}

/** In the turn in which a call rejects with damage, the shard is latched or was reopened since the call. */
export function expectLatched(spool: RocksSpool, shard: number, begunMs: number, error: unknown): void {
  if (!(error instanceof SpoolEngineError) || (error.kind !== "io" && error.kind !== "corruption")) return;
  const { latched, history } = spool.health()[shard] ?? { latched: false, history: [] };
  const last = history.at(-1);
  if (latched || (last?.latched === false && last.at.getTime() >= begunMs)) return;
  throw new Error(`shard ${shard} is open after ${error.kind}: ${error.message}`);
}
