import type { SpoolId } from "@rockspool/core";
import { describe, expect, it } from "vitest";
import { DATA, end, idOn, nonZero, type ObservedSpool, openObserved, SHARDS } from "../../test/observed-spool.ts";
import type { FaultySpoolOptions } from "../testing/open-faulty-spool.ts";
import type { EngineCall } from "../testing/shard-faults.ts";

type Kind = "store" | "load" | "remove";

interface Call {
  readonly signal?: AbortSignal;
  readonly forceSync?: true;
  readonly deadline?: number;
}

const call = ({ spool }: ObservedSpool, kind: Kind, id: SpoolId, options: Call = {}): Promise<unknown> =>
  kind === "store" ? spool.store(id, DATA, options) : spool[kind](id, options);

/** Makes the call while the shard stalls, runs `meanwhile`, and waits for the call to settle. */
async function held(observed: ObservedSpool, kind: Kind, meanwhile: () => unknown, options: Call = {}): Promise<void> {
  const stall = observed.faults.shard(0).stall(kind === "load" ? "read" : "write");
  const ended = end(call(observed, kind, idOn(0), options));
  await stall.reached();
  expect(nonZero(await observed.scrape("rockspool_pending_operations"))).toEqual({
    [`path="shard-000",operation="${kind}"`]: 1,
  });
  await meanwhile();
  await ended;
  stall.release();
}

/** Makes the call while the shard takes no batch, and waits for its deadline. */
async function expired(observed: ObservedSpool, kind: Kind, options: Call = {}): Promise<void> {
  const stall = observed.faults.shard(0).stall("write");
  await end(call(observed, kind, idOn(0), options));
  stall.release();
}

async function failing(observed: ObservedSpool, kind: Kind): Promise<void> {
  const at: EngineCall = kind === "load" ? "read" : "write";
  observed.faults.shard(0).fail(at, { kind: "busy" });
  await end(call(observed, kind, idOn(0)));
}

async function aborted(observed: ObservedSpool, kind: Kind): Promise<void> {
  const aborter = new AbortController();
  await held(observed, kind, () => aborter.abort(), { signal: aborter.signal });
}

interface Case {
  readonly kind: Kind;
  readonly outcome: string;
  /** Whether it becomes an operation, and so has a duration. */
  readonly timed: boolean;
  readonly options?: Partial<FaultySpoolOptions>;
  readonly run: (observed: ObservedSpool, kind: Kind) => Promise<unknown>;
}

const SHORT = { params: { storeDeadline: 50 } } as const;

const writes: Omit<Case, "kind">[] = [
  { outcome: "written", timed: true, run: (observed, kind) => call(observed, kind, idOn(0)) },
  { outcome: "synced", timed: true, options: { flush: true }, run: (observed, kind) => call(observed, kind, idOn(0)) },
  {
    outcome: "unhealthy",
    timed: false,
    run: async (observed, kind) => {
      await observed.spool.latch(0, "by hand");
      await end(call(observed, kind, idOn(0)));
    },
  },
  { outcome: "backpressure_timeout", timed: true, options: SHORT, run: (observed, kind) => expired(observed, kind) },
];

const all: Omit<Case, "kind">[] = [
  { outcome: "aborted", timed: true, run: aborted },
  {
    outcome: "aborted",
    timed: false,
    run: (observed, kind) => end(call(observed, kind, idOn(0), { signal: AbortSignal.abort() })),
  },
  { outcome: "engine", timed: true, run: failing },
  {
    outcome: "shard_lost",
    timed: true,
    run: (observed, kind) => held(observed, kind, () => observed.faults.shard(0).kill()),
  },
];

const of = (kind: Kind, cases: readonly Omit<Case, "kind">[]): Case[] => cases.map((one) => ({ kind, ...one }));

const cases: Case[] = [
  ...of("store", [
    ...writes,
    ...all,
    {
      outcome: "synced",
      timed: true,
      run: (observed) => call(observed, "store", idOn(0), { forceSync: true }),
    },
    {
      outcome: "full",
      timed: false,
      run: async (observed) => {
        await observed.faults.disk.fill();
        await end(call(observed, "store", idOn(0)));
      },
    },
    {
      outcome: "too_large",
      timed: false,
      options: { maxPendingBytes: 64 * 1024 },
      run: ({ spool }) => end(spool.store(idOn(0), new Uint8Array(64 * 1024 + 1))),
    },
    {
      outcome: "caller_deadline",
      timed: true,
      run: (observed) => expired(observed, "store", { deadline: Date.now() + 50 }),
    },
    {
      outcome: "caller_deadline",
      timed: true,
      run: (observed) => end(call(observed, "store", idOn(0), { deadline: Date.now() - 1 })),
    },
  ]),
  ...of("load", [...all, { outcome: "absent", timed: true, run: (observed) => end(call(observed, "load", idOn(0))) }]),
  ...of("remove", [...writes, ...all]),
];

describe("an operation is counted once, by its outcome:", () => {
  it.each(cases)("a $kind, $outcome, with a duration: $timed", async ({ kind, outcome, timed, options, run }) => {
    const observed = await openObserved(options);
    await run(observed, kind);
    expect(nonZero(await observed.scrape("rockspool_operations_total"))).toEqual({
      [`path="shard-000",operation="${kind}",outcome="${outcome}"`]: 1,
    });
    expect(nonZero(await observed.scrape("rockspool_operation_duration_seconds_count"))).toEqual(
      timed ? { [`path="shard-000",operation="${kind}"`]: 1 } : {},
    );
    expect(nonZero(await observed.scrape("rockspool_pending_operations"))).toEqual({});
    expect(nonZero(await observed.scrape("rockspool_pending_bytes"))).toEqual({});
  });

  it("as aborted, even if the shard answers it later", async () => {
    const observed = await openObserved();
    await aborted(observed, "store");
    // Its batch and its answer come after those of the aborted store.
    await observed.spool.store(idOn(0), DATA);
    expect(nonZero(await observed.scrape("rockspool_operations_total"))).toEqual({
      'path="shard-000",operation="store",outcome="aborted"': 1,
      'path="shard-000",operation="store",outcome="written"': 1,
    });
    expect(nonZero(await observed.scrape("rockspool_pending_operations"))).toEqual({});
    expect(
      (await observed.scrape("rockspool_operation_duration_seconds_count"))['path="shard-000",operation="store"'],
    ).toBe(2);
  });

  it("a load that finds its message", async () => {
    const observed = await openObserved();
    const id = idOn(1);
    await observed.spool.store(id, DATA);
    await observed.spool.load(id);
    expect(nonZero(await observed.scrape("rockspool_operations_total"))).toEqual({
      'path="shard-001",operation="store",outcome="written"': 1,
      'path="shard-001",operation="load",outcome="found"': 1,
    });
  });

  it.each(["store", "load", "remove"] as const)("a %s called during shutdown, as closed", async (kind) => {
    const observed = await openObserved();
    const stall = observed.faults.shard(1).stall("write");
    const last = observed.spool.store(idOn(1), DATA);
    await stall.reached();
    const shutdown = observed.spool.shutdown();
    await end(call(observed, kind, idOn(0)));
    expect(nonZero(await observed.scrape("rockspool_operations_total"))).toEqual({
      [`path="shard-000",operation="${kind}",outcome="closed"`]: 1,
    });
    expect(nonZero(await observed.scrape("rockspool_operation_duration_seconds_count"))).toEqual({});
    stall.release();
    await last;
    await shutdown;
  });

  it("not at all if its arguments are wrong", async () => {
    const observed = await openObserved();
    await end(observed.spool.store(idOn(0), "text" as never));
    await end(observed.spool.store(idOn(0), DATA, { deadline: Number.NaN }));
    await end(observed.spool.load("no id"));
    expect(nonZero(await observed.scrape("rockspool_operations_total"))).toEqual({});
  });

  it("with its bytes pending until it settles", async () => {
    const observed = await openObserved();
    const stalls = [...Array(SHARDS).keys()].map((shard) => observed.faults.shard(shard).stall("write"));
    const stores = Array.from({ length: 20 }, (_, i) => observed.spool.store(idOn(i % SHARDS), new Uint8Array(1000)));
    await Promise.all(stalls.map((stall) => stall.reached()));
    const pending = await observed.scrape("rockspool_pending_bytes");
    for (const bytes of Object.values(pending)) expect(bytes).toBeGreaterThanOrEqual(10_000);
    expect(Object.keys(pending)).toEqual(['path="shard-000"', 'path="shard-001"']);
    for (const stall of stalls) stall.release();
    await Promise.all(stores);
    expect(nonZero(await observed.scrape("rockspool_pending_bytes"))).toEqual({});
    expect(nonZero(await observed.scrape("rockspool_operations_total"))).toEqual({
      'path="shard-000",operation="store",outcome="written"': 10,
      'path="shard-001",operation="store",outcome="written"': 10,
    });
  });
});
