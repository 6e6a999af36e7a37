/**
 * The state machine behind one shard's gate. It is pure: time, error counts and the gate's state come in, actions go
 * out. It follows KumoMTA's `metrics_monitor` (rocks.rs:1107), with the three corrections below.
 *
 *               background errors above the baseline, or foreground errors that grow
 *     healthy ──────────────────────────────────────────────────▶ unhealthy
 *        ▲  ◀──────────────a tick with neither─────────────────────   │
 *        │                                                            │ for errorLatchDuration, or at once
 *        │                                                            ▼ by the shard's thread or the operator
 *        │ it passed                                               latched ◀──it failed: the quiet starts again──┐
 *        │                                                            │                                          │
 *        │                                                            │ errorUnlatchDuration of quiet            │
 *        │                                                            ▼                                          │
 *        └─────────────────────────────────────────────────────── proving ──────────────────────────────────────┘
 *
 * 1. For a count that never grew, quiet begins at the latch. KumoMTA takes the current time (rocks.rs:1281), so a gate
 *    that was latched by errors of one kind only never opens.
 * 2. After the quiet time the gate opens only if a proof passes. KumoMTA opens it without one.
 * 3. Foreground errors count only while they grow, so that `errorLatchDuration` filters out a single write that timed
 *    out, as KumoMTA intends (rocks.rs:384). In KumoMTA one error counts until the gate opens (rocks.rs:1247), so a
 *    single error latches.
 *
 * Background errors count until a proof passes: after one failed flush RocksDB refuses every write, and the count does
 * not grow any more.
 */
export interface HealthState {
  readonly phase: "healthy" | "unhealthy" | "latched" | "proving";
  /** Background errors up to the first tick or the last proof. Only errors above it count. */
  readonly backgroundBaseline: number;
  readonly backgroundErrors: number;
  readonly foregroundErrors: number;
  /** When foreground errors last grew, in epoch ms; null if they have not. */
  readonly foregroundGrewMs: number | null;
  /** When the phase began, in epoch ms; for `proving`, when the latch began. */
  readonly sinceMs: number;
  /** When the quiet time began: at the latest latch, error or failed proof. Epoch ms. */
  readonly quietSinceMs: number;
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
  /** Log that a count has grown. */
  | { readonly kind: "grew"; readonly what: "background" | "foreground"; readonly from: number; readonly to: number }
  | { readonly kind: "latch"; readonly backgroundErrors: number; readonly foregroundErrors: number }
  /** Have the shard prove that it works, then call `proved`. */
  | { readonly kind: "prove" };

export interface HealthStep {
  readonly state: HealthState;
  readonly actions: readonly HealthAction[];
}

/** The initial state. Background errors so far are the baseline. */
export function startHealth({ nowMs, backgroundErrors, latched }: HealthSample): HealthState {
  return {
    phase: latched ? "latched" : "healthy",
    backgroundBaseline: backgroundErrors,
    backgroundErrors,
    foregroundErrors: 0,
    foregroundGrewMs: null,
    sinceMs: nowMs,
    quietSinceMs: nowMs,
  };
}

/** The next state, and what to do now. */
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
    quietSinceMs: background || foreground ? nowMs : before.quietSinceMs,
  };
  const enter = (phase: HealthState["phase"]): HealthStep => ({ state: { ...state, phase, sinceMs: nowMs }, actions });
  const latched = (): HealthStep => ({
    state: { ...state, phase: "latched", sinceMs: nowMs, quietSinceMs: nowMs },
    actions,
  });

  switch (state.phase) {
    case "healthy":
    case "unhealthy": {
      // The shard's thread latched the gate at a fatal error, and has logged it.
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
      // The operator forced the gate open.
      if (!sample.latched) return { state: cleared(state, sample), actions };
      if (limits.allowErrorUnlatch && nowMs - state.quietSinceMs >= limits.errorUnlatchDuration) {
        actions.push({ kind: "prove" });
        return { state: { ...state, phase: "proving" }, actions };
      }
      return { state, actions };
    case "proving":
      return { state, actions };
  }
}

/** The state after a proof. A failed one keeps the latch and restarts the quiet time. */
export function proved(state: HealthState, passed: boolean, sample: HealthSample): HealthState {
  return passed ? cleared(state, sample) : { ...state, phase: "latched", quietSinceMs: sample.nowMs };
}

/** Errors up to now do not count any more. */
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
