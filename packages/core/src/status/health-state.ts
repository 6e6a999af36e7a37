/**
 * The state machine behind one shard's gate: pure, so the clock, the counts and the gate come in and what to do goes out.
 * It follows `metrics_monitor` in rocks.rs (line 1107), with three corrections (below).
 *
 *               background errors above the baseline, or foreground errors that grow
 *     healthy ──────────────────────────────────────────────────▶ unhealthy
 *        ▲  ◀──────────────a tick with neither─────────────────────   │
 *        │                                                            │ for errorLatchDuration, or at once
 *        │                                                            ▼ by the shard's thread or the operator
 *        │ it passed, and no error came meanwhile                  latched ◀──it failed: the quiet starts again──┐
 *        │                                                            │                                          │
 *        │                                                            │ errorUnlatchDuration of quiet            │
 *        │                                                            ▼                                          │
 *        └─────────────────────────────────────────────────────── proving ──────────────────────────────────────┘
 *
 * The corrections: an error count that never grew is quiet since the latch (the seed takes *now*, so that a gate that one kind of
 * error latched alone never clears); quiet alone does not unlatch: it asks for a proof; and foreground
 * errors count while they grow, so that one write that timed out is washed out by `errorLatchDuration`, as the seed's comment
 * (line 384) has it, and does not latch the gate when that is over. Background errors count until a proof: after one failed flush
 * RocksDB refuses every write, and its count grows no more.
 */
export interface HealthState {
  readonly phase: "healthy" | "unhealthy" | "latched" | "proving";
  /** Background errors that do not count: those of before the first tick, or of before the last proof. */
  readonly backgroundBaseline: number;
  readonly backgroundErrors: number;
  readonly foregroundErrors: number;
  /** When foreground errors grew last, epoch ms; null while they have not. */
  readonly foregroundGrewMs: number | null;
  /** When the phase began, epoch ms; for `proving`, when the latch did. */
  readonly sinceMs: number;
  /** The last moment that was not quiet: the latch, an error, a failed proof. Epoch ms. */
  readonly loudMs: number;
}

export interface HealthSample {
  readonly nowMs: number;
  readonly backgroundErrors: number;
  readonly foregroundErrors: number;
  readonly latched: boolean;
}

export interface HealthLimits {
  readonly errorLatchDuration: number;
  readonly errorUnlatchDuration: number;
  readonly allowErrorUnlatch: boolean;
}

export type HealthAction =
  /** A count has grown: said once for each growth. */
  | { readonly kind: "grew"; readonly what: "background" | "foreground"; readonly from: number; readonly to: number }
  | { readonly kind: "latch"; readonly backgroundErrors: number; readonly foregroundErrors: number }
  /** Have the shard prove that it works, then call `proved`. */
  | { readonly kind: "prove" };

export interface HealthStep {
  readonly state: HealthState;
  readonly actions: readonly HealthAction[];
}

/** The state at the first tick, whose background errors are those of an earlier life. */
export function startHealth({ nowMs, backgroundErrors, latched }: HealthSample): HealthState {
  return {
    phase: latched ? "latched" : "healthy",
    backgroundBaseline: backgroundErrors,
    backgroundErrors,
    foregroundErrors: 0,
    foregroundGrewMs: null,
    sinceMs: nowMs,
    loudMs: nowMs,
  };
}

/** One tick. */
export function stepHealth(before: HealthState, sample: HealthSample, limits: HealthLimits): HealthStep {
  const { nowMs, backgroundErrors, foregroundErrors } = sample;
  const actions: HealthAction[] = [];
  const grown = (what: "background" | "foreground", from: number, to: number): boolean => {
    if (to > from) actions.push({ kind: "grew", what, from, to });
    return to > from;
  };
  const background = grown("background", before.backgroundErrors, backgroundErrors);
  const foreground = grown("foreground", before.foregroundErrors, foregroundErrors);
  const state = {
    ...before,
    backgroundErrors,
    foregroundErrors,
    foregroundGrewMs: foreground ? nowMs : before.foregroundGrewMs,
    loudMs: background || foreground ? nowMs : before.loudMs,
  };
  const enter = (phase: HealthState["phase"]): HealthStep => ({ state: { ...state, phase, sinceMs: nowMs }, actions });
  const latched = (): HealthStep => ({ state: { ...state, phase: "latched", sinceMs: nowMs, loudMs: nowMs }, actions });

  switch (state.phase) {
    case "healthy":
    case "unhealthy": {
      // The shard's thread latched it, at a fatal error: it has said so itself.
      if (sample.latched) return latched();
      const growing =
        foreground || (state.foregroundGrewMs !== null && nowMs - state.foregroundGrewMs < limits.errorLatchDuration);
      const unhealthy = backgroundErrors > state.backgroundBaseline || growing;
      if (!unhealthy) return state.phase === "healthy" ? { state, actions } : enter("healthy");
      const sinceMs = state.phase === "healthy" ? nowMs : state.sinceMs;
      if (nowMs - sinceMs >= limits.errorLatchDuration) {
        actions.push({ kind: "latch", backgroundErrors, foregroundErrors });
        return latched();
      }
      return { state: { ...state, phase: "unhealthy", sinceMs }, actions };
    }
    case "latched":
      // The operator opened it by force.
      if (!sample.latched) return { state: cleared(state, sample), actions };
      if (limits.allowErrorUnlatch && nowMs - state.loudMs >= limits.errorUnlatchDuration) {
        actions.push({ kind: "prove" });
        return { state: { ...state, phase: "proving" }, actions };
      }
      return { state, actions };
    case "proving":
      return { state, actions };
  }
}

/** The proof's result. A failed one keeps the latch and starts the quiet again. */
export function proved(state: HealthState, passed: boolean, sample: HealthSample): HealthState {
  return passed ? cleared(state, sample) : { ...state, phase: "latched", loudMs: sample.nowMs };
}

/** Only what grows from here on counts again. */
function cleared(state: HealthState, { nowMs, backgroundErrors }: HealthSample): HealthState {
  return {
    ...state,
    phase: "healthy",
    backgroundBaseline: backgroundErrors,
    backgroundErrors,
    foregroundErrors: 0,
    foregroundGrewMs: null,
    sinceMs: nowMs,
  };
}
