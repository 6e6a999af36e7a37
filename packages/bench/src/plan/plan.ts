import { OTHER_PEERS, PEER_NAMES } from "../peers/peer-names.ts";
import { dbBenchRead, fillRandom, fillSync } from "./ceiling-series.ts";
import type { Effort } from "./effort.ts";
import {
  churn,
  enumeration,
  lifeCycle,
  loads,
  opening,
  recentLoads,
  removes,
  shaped,
  sharded,
  smallBufferStores,
  steadyStores,
  stores,
  syncedStores,
} from "./peer-series.ts";
import type { Series } from "./series.ts";
import { DB_BENCH_THREADS, IN_FLIGHT } from "./series-ids.ts";

const KIB = 1024;

/** All series in the order of a round. Series that are compared with each other are close together. */
export function plan(effort: Effort): Series[] {
  return [...goalSeries(effort), ...(effort.everything ? furtherSeries(effort) : []), ...enduranceSeries(effort)];
}

/** The series that goals need, in every round. */
function goalSeries(effort: Effort): Series[] {
  return [
    fillRandom(effort, 128, 1, "all"),
    stores(effort, "rockspool", 2048, "all"),
    steadyStores(effort),
    ...DB_BENCH_THREADS.map((threads) => fillRandom(effort, 1, threads, "all")),
    stores(effort, "rockspool", 64, "all"),
    smallBufferStores(effort),
    stores(effort, "rockspool", 512, "all"),
    ...OTHER_PEERS.map((peer) => stores(effort, peer, 512, "all")),
    fillSync(effort),
    ...PEER_NAMES.flatMap((peer) => syncedStores(effort, peer, 512, "all")),
    dbBenchRead(effort, "multireadrandom", 1, "all"),
    loads(effort, "rockspool", "all"),
    dbBenchRead(effort, "readseq", 1, "all"),
    enumeration(effort, "rockspool", "all"),
    stores(effort, "rockspool", 1, "first"),
    ...syncedStores(effort, "rockspool", 1, "first"),
  ];
}

/** The other series of the report, measured once. */
function furtherSeries(effort: Effort): Series[] {
  return [
    ...PEER_NAMES.flatMap((peer) =>
      IN_FLIGHT.filter((inFlight) => inFlight !== 512).flatMap((inFlight) => [
        ...(peer === "rockspool" ? [] : [stores(effort, peer, inFlight, "first")]),
        ...(peer === "rockspool" && inFlight === 1 ? [] : syncedStores(effort, peer, inFlight, "first")),
      ]),
    ),
    ...[4, 8].map((threads) => fillRandom(effort, 128, threads, "first")),
    dbBenchRead(effort, "multireadrandom", 2, "first"),
    dbBenchRead(effort, "readseq", 2, "first"),
    ...OTHER_PEERS.map((peer) => loads(effort, peer, "first")),
    ...PEER_NAMES.map((peer) => recentLoads(effort, peer)),
    ...OTHER_PEERS.map((peer) => enumeration(effort, peer, "first")),
    ...PEER_NAMES.map((peer) => removes(effort, peer)),
    ...PEER_NAMES.map((peer) => lifeCycle(effort, peer)),
    ...shapes(effort),
    ...[1, 2, 4, 8].flatMap((shards) => [false, true].map((synced) => sharded(effort, shards, synced))),
  ];
}

function shapes(effort: Effort): Series[] {
  return [
    shaped(effort, "256 B", { size: 256 }),
    shaped(effort, "1 KiB", { size: KIB }),
    shaped(effort, "4 KiB", { size: 4 * KIB }),
    shaped(effort, "16 KiB", { size: 16 * KIB }),
    shaped(effort, "64 KiB", { size: 64 * KIB }),
    shaped(effort, "1 MiB", { size: KIB * KIB }),
    shaped(effort, "mail", { size: "mail" }),
    shaped(effort, "16 KiB of text, snappy", { size: 16 * KIB, payload: "text", compressed: true }),
    shaped(effort, "mail of text, snappy", { size: "mail", payload: "text", compressed: true }),
  ];
}

function enduranceSeries(effort: Effort): Series[] {
  return [churn(effort), ...effort.openedMessages.map((messages) => opening(effort, messages))];
}
