import { dbBenchVersion } from "../ceiling/run-db-bench.ts";
import { PEER_NAMES, type PeerName } from "../peers/peer-names.ts";
import type { LeftOut } from "../report/results.ts";
import { DEFAULT_SPEC } from "../run/run-spec.ts";
import type { Runner } from "../run/runner.ts";
import type { WorkDirectory } from "../run/work-directory.ts";
import type { Series } from "./series.ts";

/** The part of a plan that can be measured on this machine. */
export interface Available {
  readonly series: readonly Series[];
  /** Its version; null if it is not installed or not in the plan. */
  readonly dbBench: string | null;
  readonly leftOut: readonly LeftOut[];
}

/** Checks that each peer of the plan can be loaded and passes `checkPeer`, and that db_bench is installed. */
export async function findAvailable(
  series: readonly Series[],
  runner: Runner,
  work: WorkDirectory,
  signal: AbortSignal,
): Promise<Available> {
  const leftOut: LeftOut[] = [];
  const peers = new Set<PeerName>();
  const wanted = new Set(series.map(({ subject }) => (subject.kind === "peer" ? subject.peer : subject.kind)));
  for (const peer of PEER_NAMES.filter((name) => wanted.has(name))) {
    signal.throwIfAborted();
    const directory = work.make();
    try {
      await runner.run({ ...DEFAULT_SPEC, peer, workload: "check" }, directory);
      peers.add(peer);
    } catch (error) {
      leftOut.push({ what: peer, why: firstLine(error as Error) });
    } finally {
      work.remove(directory);
    }
  }
  signal.throwIfAborted();
  const dbBench = wanted.has("db_bench") ? await dbBenchVersion(runner) : null;
  if (wanted.has("db_bench") && dbBench === null) {
    leftOut.push({ what: "db_bench", why: "not found: on Debian or Ubuntu, apt-get install rocksdb-tools" });
  }
  const available = series.filter(({ subject }) =>
    subject.kind === "peer" ? peers.has(subject.peer) : dbBench !== null,
  );
  return { series: available, dbBench, leftOut };
}

export function firstLine({ message }: Error): string {
  return message.split("\n", 1)[0] as string;
}
