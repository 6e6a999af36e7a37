import type { DbBenchSpec } from "../ceiling/db-bench-spec.ts";
import type { Effort } from "./effort.ts";
import type { Fixture, Series } from "./series.ts";
import { ids } from "./series-ids.ts";

/** The number of keys that db_bench writes draw from: so large that few are drawn twice. */
const KEYS = 100_000_000;
const VALUE_BYTES = 1024;
const SYNCED_THREADS = 64;
/** Gets per multi-get. */
const READ_BATCH = 64;

function series(id: string, rounds: Series["rounds"], fixture: Fixture | null, spec: DbBenchSpec): Series {
  return { id, section: "ceiling", title: id, rounds, fixture, subject: { kind: "db_bench", spec } };
}

export function fillRandom(effort: Effort, batch: number, threads: number, rounds: Series["rounds"]): Series {
  return series(ids.fillRandom(batch, threads), rounds, null, {
    benchmark: "fillrandom",
    threads,
    batch,
    seconds: effort.dbBenchSeconds,
    messages: KEYS,
    valueBytes: VALUE_BYTES,
  });
}

export function fillSync(effort: Effort): Series {
  return series(ids.fillSync, "all", null, {
    benchmark: "fillsync",
    threads: SYNCED_THREADS,
    batch: 1,
    seconds: effort.dbBenchSeconds,
    messages: KEYS,
    valueBytes: VALUE_BYTES,
  });
}

/** Goals compare with one thread. */
export function dbBenchRead(
  effort: Effort,
  benchmark: "multireadrandom" | "readseq",
  threads: number,
  rounds: Series["rounds"],
): Series {
  const messages = effort.fixtureMessages;
  const id = benchmark === "readseq" ? ids.readSeq(threads) : ids.multiRead(threads);
  return series(
    id,
    rounds,
    { of: "db_bench", messages },
    {
      benchmark,
      threads,
      batch: READ_BATCH,
      seconds: effort.dbBenchSeconds,
      messages,
      valueBytes: VALUE_BYTES,
    },
  );
}
