import fc from "fast-check";

/** What a run does, one after the other. Operations are only begun; what they come to is seen later. */
export type Step =
  | {
      readonly do: "store";
      readonly id: number;
      readonly sync: boolean;
      readonly deadlineMs: number | null;
      readonly abortable: boolean;
    }
  | { readonly do: "remove"; readonly id: number; readonly abortable: boolean }
  | { readonly do: "load"; readonly id: number }
  | { readonly do: "enumerate" | "compact" | "adviseLowMemory" }
  /** Waits a while for the last stall to be hit. */
  | { readonly do: "hit" }
  /** Waits for all writes that have a deadline, whatever is stalled. */
  | { readonly do: "overdue" }
  /** Lets others run. */
  | { readonly do: "pause"; readonly turns: number }
  | { readonly do: "settle" | "abort" | "freeDisk" | "restart" | "shutdown" }
  | { readonly do: "fillDisk" }
  | { readonly do: "crash"; readonly kept: number }
  | { readonly do: "stall"; readonly shard: number; readonly call: (typeof STALLS)[number]; readonly late: boolean }
  | {
      readonly do: "fail";
      readonly shard: number;
      readonly call: (typeof FAILURES)[number];
      readonly kind: (typeof KINDS)[number];
      readonly late: boolean;
      readonly after: number;
      readonly times: number;
    }
  | {
      readonly do: "dieAt";
      readonly shard: number;
      readonly call: "write" | "sync" | "read";
      readonly late: boolean;
      readonly after: number;
    }
  | { readonly do: "die"; readonly shard: number; readonly how: "exit" | "throw" | "kill" }
  | { readonly do: "release" | "unlatch" | "loseIndex"; readonly shard: number }
  /** Waits a while for the shard's thread to have taken what was sent to it. */
  | { readonly do: "taken"; readonly shard: number }
  | { readonly do: "latch"; readonly shard: number }
  | { readonly do: "clock"; readonly duration: string };

const STALLS = ["write", "sync", "read", "enumerate", "admission", "flush"] as const;
const FAILURES = ["write", "sync", "read", "enumerate", "flush", "compact"] as const;
export const KINDS = ["io", "corruption", "busy", "other"] as const;

export const IDS = 4;
export const SHARDS = 2;

const id = fc.nat(IDS - 1);
export const shard = fc.nat(SHARDS - 1);
const few = fc.nat(2);
export const deadlineMs = fc.option(fc.constantFrom(-1, 3, 30), { freq: 3 });

export function of<T>(does: T): { do: fc.Arbitrary<T> } {
  return { do: fc.constant(does) };
}

/** Any one of them. */
export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 28,
    arbitrary: fc.record({
      ...of("store" as const),
      id,
      sync: fc.boolean(),
      deadlineMs,
      abortable: fc.boolean(),
    }),
  },
  { weight: 10, arbitrary: fc.record({ ...of("remove" as const), id, abortable: fc.boolean() }) },
  { weight: 16, arbitrary: fc.record({ ...of("load" as const), id }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom("enumerate", "compact", "adviseLowMemory") }) },
  { weight: 12, arbitrary: fc.record({ ...of("pause" as const), turns: fc.integer({ min: 1, max: 20 }) }) },
  { weight: 6, arbitrary: fc.record({ ...of("settle" as const) }) },
  { weight: 2, arbitrary: fc.record({ ...of("overdue" as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("abort", "fillDisk", "freeDisk") }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("restart", "shutdown") }) },
  { weight: 1, arbitrary: fc.record({ ...of("crash" as const), kept: fc.constantFrom(0, 0.2, 0.5, 0.8, 1) }) },
  {
    weight: 6,
    arbitrary: fc.record({ ...of("stall" as const), shard, call: fc.constantFrom(...STALLS), late: fc.boolean() }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      ...of("fail" as const),
      shard,
      call: fc.constantFrom(...FAILURES),
      kind: fc.constantFrom(...KINDS),
      late: fc.boolean(),
      after: few,
      times: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      ...of("dieAt" as const),
      shard,
      call: fc.constantFrom("write" as const, "sync" as const, "read" as const),
      late: fc.boolean(),
      after: few,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      ...of("die" as const),
      shard,
      how: fc.constantFrom("exit" as const, "throw" as const, "kill" as const),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom("release", "unlatch"), shard }) },
  { weight: 2, arbitrary: fc.record({ ...of("latch" as const), shard }) },
  { weight: 1, arbitrary: fc.record({ ...of("loseIndex" as const), shard }) },
  { weight: 2, arbitrary: fc.record({ ...of("clock" as const), duration: fc.constantFrom("5s", "20s", "1 minute") }) },
);
