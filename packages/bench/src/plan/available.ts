import { dbBenchVersion } from "../ceiling/run-db-bench.ts";
import { PEER_NAMES, type PeerName } from "../peers/peer-names.ts";
import type { LeftOut } from "../report/results.ts";
import type { Children } from "../run/children.ts";
import { DEFAULT_SPEC } from "../run/run-spec.ts";
import type { WorkDirectory } from "../run/work-directory.ts";
import type { Series } from "./series.ts";

/** What can be measured here. */
export interface Available {
  readonly peers: ReadonlySet<PeerName>;
  /** Null where there is no db_bench. */
  readonly dbBench: string | null;
  readonly leftOut: readonly LeftOut[];
}

/** Tries each peer: whether it loads, and keeps what it is given. */
export async function findAvailable(children: Children, work: WorkDirectory, signal: AbortSignal): Promise<Available> {
  const peers = new Set<PeerName>();
  const leftOut: LeftOut[] = [];
  for (const peer of PEER_NAMES) {
    signal.throwIfAborted();
    const directory = work.make();
    try {
      await children.run({ ...DEFAULT_SPEC, peer, workload: "check" }, directory);
      peers.add(peer);
    } catch (error) {
      leftOut.push({ what: peer, why: firstLine(error as Error) });
    } finally {
      work.remove(directory);
    }
  }
  signal.throwIfAborted();
  const dbBench = await dbBenchVersion(children);
  if (dbBench === null) {
    leftOut.push({ what: "db_bench", why: "not found: on Debian or Ubuntu, apt-get install rocksdb-tools" });
  }
  return { peers, dbBench, leftOut };
}

/** Those of the series that can be measured. */
export function onlyAvailable(series: readonly Series[], { peers, dbBench }: Available): Series[] {
  return series.filter(({ subject }) => (subject.kind === "peer" ? peers.has(subject.peer) : dbBench !== null));
}

export function firstLine({ message }: Error): string {
  return message.split("\n", 1)[0] as string;
}
