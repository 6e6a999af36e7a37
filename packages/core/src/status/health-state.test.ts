import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type HealthLimits,
  type HealthSample,
  type HealthState,
  proved,
  startHealth,
  stepHealth,
} from "./health-state.ts";

const limits: HealthLimits = { errorLatchDuration: 15_000, errorUnlatchDuration: 300_000, allowErrorUnlatch: true };
const calm: HealthSample = { nowMs: 0, backgroundErrors: 0, foregroundErrors: 0, latched: false };
const at = (nowMs: number, change: Partial<HealthSample> = {}): HealthSample => ({ ...calm, nowMs, ...change });

/** Steps through the samples; returns the last state and the actions of each step. */
function run(samples: readonly HealthSample[], changed: Partial<HealthLimits> = {}, start = startHealth(calm)) {
  let state = start;
  const kinds: string[][] = [];
  for (const sample of samples) {
    const step = stepHealth(state, sample, { ...limits, ...changed });
    state = step.state;
    kinds.push(step.actions.map((action) => (action.kind === "grew" ? `grew ${action.what}` : action.kind)));
  }
  return { state, kinds };
}

describe("the transitions", () => {
  it("background errors before the first tick do not count", () => {
    const start = startHealth(at(0, { backgroundErrors: 7 }));
    const { state, kinds } = run([at(60_000, { backgroundErrors: 7 })], {}, start);
    expect(state.phase).toBe("healthy");
    expect(kinds).toEqual([[]]);
  });

  it("a background error latches after errorLatchDuration, and is logged once", () => {
    const bad = { backgroundErrors: 1 };
    const { state, kinds } = run([at(5_000, bad), at(10_000, bad), at(19_999, bad), at(20_000, bad)]);
    expect(kinds).toEqual([["grew background"], [], [], ["latch"]]);
    expect(state).toMatchObject({ phase: "latched", sinceMs: 20_000, quietSinceMs: 20_000 });
  });

  it("one foreground error does not latch", () => {
    const once = { foregroundErrors: 1 };
    const { state, kinds } = run([at(5_000, once), at(15_000, once), at(20_000, once), at(90_000, once)]);
    expect(kinds).toEqual([["grew foreground"], [], [], []]);
    expect(state.phase).toBe("healthy");
  });

  it("foreground errors that go on latch after errorLatchDuration", () => {
    const { state, kinds } = run([5, 10, 15, 20].map((s) => at(s * 1000, { foregroundErrors: s })));
    expect(kinds.at(-1)).toEqual(["grew foreground", "latch"]);
    expect(state.phase).toBe("latched");
  });

  it("a healthy tick gives the next error the full errorLatchDuration", () => {
    const samples = [at(5_000, { foregroundErrors: 1 }), at(21_000, { foregroundErrors: 1 })];
    const { state } = run([...samples, at(26_000, { foregroundErrors: 2 }), at(36_000, { foregroundErrors: 3 })]);
    expect(state).toMatchObject({ phase: "unhealthy", sinceMs: 26_000 });
  });

  it("with errorLatchDuration 0 the first growth latches", () => {
    expect(run([at(5_000, { foregroundErrors: 1 })], { errorLatchDuration: 0 }).state.phase).toBe("latched");
  });

  it("a gate that the shard's thread latched is not latched again", () => {
    const { state, kinds } = run([at(5_000, { latched: true, foregroundErrors: 1 })]);
    expect(kinds).toEqual([["grew foreground"]]);
    expect(state.phase).toBe("latched");
  });

  it("a count that never grew is quiet since the latch", () => {
    const latched = { latched: true };
    const { state, kinds } = run([at(5_000, latched), at(304_999, latched), at(305_000, latched)]);
    expect(kinds).toEqual([[], [], ["prove"]]);
    expect(state.phase).toBe("proving");
  });

  it("an error while latched restarts the quiet time", () => {
    const latched = { latched: true };
    const late = { latched: true, foregroundErrors: 1 };
    const { kinds } = run([at(5_000, latched), at(200_000, late), at(305_000, late), at(500_000, late)]);
    expect(kinds).toEqual([[], ["grew foreground"], [], ["prove"]]);
  });

  it("without allowErrorUnlatch nothing is proved", () => {
    const latched = { latched: true };
    const { kinds } = run([at(5_000, latched), at(9_000_000, latched)], { allowErrorUnlatch: false });
    expect(kinds.flat()).toEqual([]);
  });

  it("a failed proof keeps the latch and restarts the quiet time", () => {
    const latched = { latched: true };
    const { state } = run([at(5_000, latched), at(305_000, latched)]);
    const failed = proved(state, false, at(306_000, latched));
    const { kinds } = run([at(605_999, latched), at(606_000, latched)], {}, failed);
    expect(kinds).toEqual([[], ["prove"]]);
  });

  it("after a passed proof only further errors count", () => {
    const { state } = run([
      at(5_000, { latched: true, backgroundErrors: 3 }),
      at(305_000, { latched: true, backgroundErrors: 3 }),
    ]);
    const passed = proved(state, true, at(306_000, { backgroundErrors: 3 }));
    const { state: later } = run([at(999_000, { backgroundErrors: 3 })], {}, passed);
    expect(later.phase).toBe("healthy");
    expect(run([at(999_000, { backgroundErrors: 4 })], {}, passed).state.phase).toBe("unhealthy");
  });

  it("a gate that the operator forced open is healthy again", () => {
    const { state } = run([at(5_000, { latched: true }), at(10_000)]);
    expect(state.phase).toBe("healthy");
  });
});

/** Every phase with every combination of inputs. */
const phases: HealthState["phase"][] = ["healthy", "unhealthy", "latched", "proving"];
const yes = [false, true];
const table = phases.flatMap((phase) =>
  yes.flatMap((background) =>
    yes.flatMap((foreground) =>
      yes.flatMap((latched) =>
        yes.flatMap((long) =>
          yes.map((allowErrorUnlatch) => ({ phase, background, foreground, latched, long, allowErrorUnlatch })),
        ),
      ),
    ),
  ),
);

describe.each(table)(
  "$phase, background growth $background, foreground growth $foreground, gate latched $latched, long $long, may unlatch $allowErrorUnlatch",
  ({ phase, background, foreground, latched, long, allowErrorUnlatch }) => {
    it("leads to the right phase and actions", () => {
      const nowMs = 1_000_000;
      const sinceMs = long ? 0 : nowMs - 1;
      // Unhealthy by a background error, which lasts without growth.
      const backgroundErrors = phase === "unhealthy" ? 1 : 0;
      const before: HealthState = {
        phase,
        backgroundBaseline: 0,
        backgroundErrors,
        foregroundErrors: 0,
        foregroundGrewMs: null,
        sinceMs,
        quietSinceMs: sinceMs,
      };
      const sample = {
        nowMs,
        backgroundErrors: backgroundErrors + (background ? 1 : 0),
        foregroundErrors: foreground ? 1 : 0,
        latched,
      };
      const { state, actions } = stepHealth(before, sample, { ...limits, allowErrorUnlatch });
      const kinds = actions.map(({ kind }) => kind);
      expect(kinds.filter((kind) => kind === "grew")).toHaveLength(Number(background) + Number(foreground));
      const bad = background || foreground || phase === "unhealthy";
      if (phase === "healthy" || phase === "unhealthy") {
        const latches = !latched && phase === "unhealthy" && long;
        expect(kinds.includes("latch")).toBe(latches);
        expect(state.phase).toBe(latched || latches ? "latched" : bad ? "unhealthy" : "healthy");
        expect(kinds).not.toContain("prove");
      } else if (phase === "proving") {
        expect(state.phase).toBe("proving");
        expect(kinds).not.toContain("prove");
      } else {
        const proves = latched && long && !background && !foreground && allowErrorUnlatch;
        expect(state.phase).toBe(latched ? (proves ? "proving" : "latched") : "healthy");
        expect(kinds.includes("prove")).toBe(proves);
        expect(kinds).not.toContain("latch");
      }
    });
  },
);

it("never proves before errorUnlatchDuration of quiet, and never latches twice without a proof in between", () => {
  const tick = fc.record({ step: fc.nat(200_000), background: fc.nat(1), foreground: fc.nat(1), worker: fc.boolean() });
  fc.assert(
    fc.property(fc.array(tick, { maxLength: 60 }), (ticks) => {
      let state = startHealth(calm);
      let sample = calm;
      let quietSinceMs = 0;
      for (const { step, background, foreground, worker } of ticks) {
        sample = {
          nowMs: sample.nowMs + step,
          backgroundErrors: sample.backgroundErrors + background,
          foregroundErrors: sample.foregroundErrors + foreground,
          latched: sample.latched || worker,
        };
        const wasLatched = state.phase === "latched" || state.phase === "proving";
        if (background + foreground > 0 || (!wasLatched && sample.latched)) quietSinceMs = sample.nowMs;
        const next = stepHealth(state, sample, limits);
        for (const { kind } of next.actions) {
          if (kind === "latch") {
            expect(wasLatched).toBe(false);
            quietSinceMs = sample.nowMs;
            sample = { ...sample, latched: true };
          }
          if (kind === "prove") expect(sample.nowMs - quietSinceMs).toBeGreaterThanOrEqual(limits.errorUnlatchDuration);
        }
        state = next.state;
      }
    }),
  );
});
