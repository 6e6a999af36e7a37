import { DEFAULT_SPEC, type RunSpec } from "../run/run-spec.ts";

/** A workload on which two commits are compared. */
export interface Scenario {
  readonly title: string;
  readonly spec: RunSpec;
  /** Whether it reads messages that the same side has stored before. */
  readonly fixture: boolean;
}

/** The number and length of the runs. */
export interface CompareEffort {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmupSeconds: number;
  readonly messages: number;
}

export const COMPARE_FULL: CompareEffort = { rounds: 7, seconds: 2, warmupSeconds: 0.5, messages: 200_000 };
export const COMPARE_QUICK: CompareEffort = { rounds: 5, seconds: 0.7, warmupSeconds: 0.3, messages: 50_000 };

export function scenarios({ seconds, warmupSeconds, messages }: CompareEffort): Scenario[] {
  const scenario = (title: string, change: Partial<RunSpec>, fixture = false): Scenario => {
    return { title, spec: { ...DEFAULT_SPEC, seconds, warmupSeconds, messages, ...change }, fixture };
  };
  const inFlight = (count: number) => ({ arrival: { kind: "closed", inFlight: count } }) as const;
  return [
    scenario("store, 1 in flight", inFlight(1)),
    scenario("store, 64 in flight", inFlight(64)),
    scenario("store, 512 in flight", inFlight(512)),
    scenario("store, 2048 in flight", inFlight(2048)),
    scenario("synced store, 512 in flight", { synced: true }),
    scenario("store of mail, 512 in flight", { size: "mail", payload: "text", compressed: true }),
    scenario("load, 512 in flight", { workload: "load" }, true),
    scenario("remove, 512 in flight", { workload: "remove", warmupSeconds: 0 }),
    scenario("store, load, remove, 512 in flight", { workload: "life-cycle" }),
    scenario("enumeration", { workload: "enumerate" }, true),
  ];
}
