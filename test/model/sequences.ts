import fc from "fast-check";
import { deadlineMs, IDS, KINDS, of, SHARDS, type Step, shard, step } from "./steps.ts";

/** What chance alone meets too seldom, and whole runs. */

const times = fc.integer({ min: 1, max: 3 });
const soon = fc.constantFrom(0, 0, 0, 1);
const written = fc.constantFrom("write" as const, "sync" as const);

/** A fault in the way of writes, without its shard. */
const hindrance = fc.oneof(
  fc.record({
    ...of("fail" as const),
    call: written,
    kind: fc.constantFrom(...KINDS),
    late: fc.boolean(),
    after: soon,
    times,
  }),
  fc.record({ ...of("dieAt" as const), call: written, late: fc.boolean(), after: soon }),
  fc.record({ ...of("stall" as const), call: written, late: fc.boolean() }),
  fc.constantFrom({ do: "stall", call: "admission", late: false } as const, { do: "prove" } as const),
);

function hinder(shard: number, does: typeof hindrance extends fc.Arbitrary<infer H> ? H : never): Step[] {
  if (does.do !== "prove") return [{ ...does, shard }];
  // A proof that holds the write lane, because it cannot read.
  return [
    { do: "unlatch", shard },
    { do: "stall", shard, call: "read", late: false },
  ];
}

/** What comes of it. */
const NEXT = ["overdue", "abort", "kill", "release", "shutdown", null, null, null] as const;

/** A write to the first or second id of a shard. */
const hinderedWrite = fc.record({ nth: fc.nat(1), remove: fc.boolean(), sync: fc.boolean(), deadlineMs });

/** Writes to one shard, with a fault in their way, and what comes of them. */
const trouble: fc.Arbitrary<Step[]> = fc
  .record({
    shard,
    hindrance,
    writes: fc.array(hinderedWrite, { minLength: 1, maxLength: 6 }),
    looks: fc.boolean(),
    next: fc.constantFrom(...NEXT),
  })
  .map(({ shard, hindrance, writes, looks, next }) => [
    ...hinder(shard, hindrance),
    ...writes.map(({ nth, remove, sync, deadlineMs }): Step => {
      const id = shard + nth * SHARDS;
      return remove
        ? { do: "remove", id, abortable: next === "abort" }
        : { do: "store", id, sync, deadlineMs, abortable: next === "abort" };
    }),
    ...(looks && hindrance.do !== "prove" ? looksAt(shard) : []),
    ...end(next, shard),
  ]);

function looksAt(shard: number): Step[] {
  const ids = Array.from({ length: IDS / SHARDS }, (_, nth) => shard + nth * SHARDS);
  return [{ do: "taken", shard }, ...ids.map((id): Step => ({ do: "load", id }))];
}

function end(next: (typeof NEXT)[number], shard: number): Step[] {
  switch (next) {
    case "kill":
      return [{ do: "die", shard, how: "kill" }];
    case "release":
      return [{ do: "release", shard }];
    default:
      return next === null ? [] : [{ do: next }];
  }
}

/**
 * Writes that come after the disk has done a sync and before it is acknowledged; all of them are answered, and then the
 * power goes.
 */
const besideASync: fc.Arbitrary<Step[]> = fc
  .record({ shard, first: hinderedWrite, later: fc.array(hinderedWrite, { minLength: 1, maxLength: 3 }) })
  .map(({ shard, first, later }) => {
    const store = ({ nth, sync }: typeof first): Step => ({
      do: "store",
      id: shard + nth * SHARDS,
      sync,
      deadlineMs: null,
      abortable: false,
    });
    return [
      { do: "stall", shard, call: "sync", late: true },
      store({ ...first, sync: true }),
      { do: "hit" },
      ...later.map(store),
      { do: "taken", shard },
      { do: "settle" },
      { do: "crash", kept: 0 },
    ];
  });

/** A run. Only in memory is there a power cut. */
export function stepsOf(engine: "memory" | "rocksdb"): fc.Arbitrary<Step[]> {
  const piece = fc.oneof(
    { weight: 24, arbitrary: step.map((one) => [one]) },
    { weight: 8, arbitrary: trouble },
    { weight: engine === "memory" ? 1 : 0, arbitrary: besideASync },
  );
  return fc.array(piece, { minLength: 1, maxLength: 16, size: "max" }).map((pieces) => pieces.flat());
}
