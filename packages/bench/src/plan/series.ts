import type { DbBenchSpec } from "../ceiling/db-bench-spec.ts";
import type { PeerName } from "../peers/peer-names.ts";
import type { RunSpec } from "../run/run-spec.ts";

/** A database that is filled once, in its own directory, and that runs only read. */
export type Fixture =
  | { readonly of: PeerName; readonly shards: number; readonly messages: number; readonly settled: boolean }
  | { readonly of: "db_bench"; readonly messages: number };

/** The section of the report. */
export type Section = "stores" | "synced" | "reads" | "removes" | "shapes" | "shards" | "endurance" | "ceiling";

/** The rate of a series in the current round; null if it is not measured yet, or failed. */
export type RateOf = (id: string) => number | null;

/** One configuration that is measured, in each round or once. */
export interface Series {
  /** Unique. Used in results.json and in goals. */
  readonly id: string;
  readonly section: Section;
  /** Shown in tables and charts. */
  readonly title: string;
  /** Measured in every round, because goals need it, or only in the first round. */
  readonly rounds: "all" | "first";
  readonly fixture: Fixture | null;
  readonly subject: PeerSubject | DbBenchSubject;
}

export interface PeerSubject {
  readonly kind: "peer";
  readonly peer: PeerName;
  /** Null if it depends on a rate of the round that was not measured. */
  readonly spec: (rateOf: RateOf) => RunSpec | null;
}

export interface DbBenchSubject {
  readonly kind: "db_bench";
  readonly spec: DbBenchSpec;
}
