import { canSync, type PeerName } from "../peers/peer-names.ts";
import { DEFAULT_SPEC, type RunSpec } from "../run/run-spec.ts";
import type { Effort } from "./effort.ts";
import type { Fixture, RateOf, Section, Series } from "./series.ts";
import { ids } from "./series-ids.ts";

type Rounds = Series["rounds"];

interface Parts {
  readonly id: string;
  readonly section: Section;
  readonly peer: PeerName;
  readonly rounds: Rounds;
  readonly fixture?: Fixture;
  readonly change: Partial<RunSpec> | ((rateOf: RateOf) => Partial<RunSpec> | null);
}

const SMALL_BUFFER_BYTES = 4 * 1024 * 1024;
const FULL_LOAD = 2048;

/** A series of a peer: `DEFAULT_SPEC` with the changes of `change`. */
function series(effort: Effort, { id, section, peer, rounds, fixture, change }: Parts): Series {
  const times =
    rounds === "all"
      ? { seconds: effort.seconds, warmupSeconds: effort.warmupSeconds }
      : { seconds: effort.onceSeconds, warmupSeconds: effort.onceWarmupSeconds };
  const messages = fixture?.messages ?? 0;
  const spec = (rateOf: RateOf): RunSpec | null => {
    const changed = typeof change === "function" ? change(rateOf) : change;
    return changed === null ? null : { ...DEFAULT_SPEC, peer, messages, ...times, ...changed };
  };
  return { id, section, title: id, rounds, fixture: fixture ?? null, subject: { kind: "peer", peer, spec } };
}

const closed = (inFlight: number) => ({ arrival: { kind: "closed", inFlight } }) as const;

export function stores(effort: Effort, peer: PeerName, inFlight: number, rounds: Rounds): Series {
  const id = ids.store(peer, inFlight);
  return series(effort, { id, section: "stores", peer, rounds, change: closed(inFlight) });
}

/** Empty if the peer cannot sync. */
export function syncedStores(effort: Effort, peer: PeerName, inFlight: number, rounds: Rounds): Series[] {
  if (!canSync(peer)) return [];
  const id = ids.synced(peer, inFlight);
  return [series(effort, { id, section: "synced", peer, rounds, change: { synced: true, ...closed(inFlight) } })];
}

/** Sends at half the rate that the closed loop has reached in the same round. */
export function steadyStores(effort: Effort): Series {
  const change = (rateOf: RateOf): Partial<RunSpec> | null => {
    const full = rateOf(ids.store("rockspool", FULL_LOAD));
    return full === null ? null : { arrival: { kind: "open", ratePerSecond: Math.max(1, Math.round(full / 2)) } };
  };
  return series(effort, { id: ids.steady, section: "stores", peer: "rockspool", rounds: "all", change });
}

export function smallBufferStores(effort: Effort): Series {
  const change = { writeBufferBytes: SMALL_BUFFER_BYTES, ...closed(FULL_LOAD) };
  return series(effort, { id: ids.smallBuffers, section: "stores", peer: "rockspool", rounds: "all", change });
}

function fixtureOf(effort: Effort, peer: PeerName): Fixture {
  const messages = peer === "file a message" ? effort.fixtureFiles : effort.fixtureMessages;
  return { of: peer, shards: DEFAULT_SPEC.shards, messages, settled: true };
}

export function loads(effort: Effort, peer: PeerName, rounds: Rounds): Series {
  const fixture = fixtureOf(effort, peer);
  return series(effort, { id: ids.load(peer), section: "reads", peer, rounds, fixture, change: { workload: "load" } });
}

export function recentLoads(effort: Effort, peer: PeerName): Series {
  const change = { workload: "recent" } as const;
  return series(effort, { id: ids.recent(peer), section: "reads", peer, rounds: "first", change });
}

export function enumeration(effort: Effort, peer: PeerName, rounds: Rounds): Series {
  const fixture = fixtureOf(effort, peer);
  const change = { workload: "enumerate" } as const;
  return series(effort, { id: ids.enumerate(peer), section: "reads", peer, rounds, fixture, change });
}

/** Without a warm-up, which would remove messages: the stores before it warm up. */
export function removes(effort: Effort, peer: PeerName): Series {
  const change = { workload: "remove", messages: effort.removedMessages, warmupSeconds: 0 } as const;
  return series(effort, { id: ids.remove(peer), section: "removes", peer, rounds: "first", change });
}

export function lifeCycle(effort: Effort, peer: PeerName): Series {
  const change = { workload: "life-cycle" } as const;
  return series(effort, { id: ids.lifeCycle(peer), section: "removes", peer, rounds: "first", change });
}

export function churn(effort: Effort): Series {
  const change = { workload: "churn", messages: effort.churnMessages, seconds: null, warmupSeconds: 0 } as const;
  return series(effort, { id: ids.churn, section: "endurance", peer: "rockspool", rounds: "first", change });
}

export function opening(effort: Effort, messages: number): Series {
  const fixture: Fixture = { of: "rockspool", shards: DEFAULT_SPEC.shards, messages, settled: false };
  const change = { workload: "open" } as const;
  return series(effort, {
    id: ids.open(messages),
    section: "endurance",
    peer: "rockspool",
    rounds: "first",
    fixture,
    change,
  });
}

export function shaped(effort: Effort, what: string, change: Partial<RunSpec>): Series {
  return series(effort, { id: ids.sized(what), section: "shapes", peer: "rockspool", rounds: "first", change });
}

export function sharded(effort: Effort, shards: number, synced: boolean): Series {
  const change = { shards, synced, ...closed(FULL_LOAD) };
  return series(effort, {
    id: ids.sharded(shards, synced),
    section: "shards",
    peer: "rockspool",
    rounds: "first",
    change,
  });
}
