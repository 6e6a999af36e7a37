import type { DbBenchSpec } from "../ceiling/db-bench-spec.ts";
import type { PeerName } from "../peers/peer-names.ts";
import type { RunSpec } from "../run/run-spec.ts";

/** Messages that were stored beforehand, which runs only read: made once, in a directory of their own. */
export type Fixture =
  | { readonly of: PeerName; readonly shards: number; readonly messages: number; readonly settled: boolean }
  | { readonly of: "db_bench"; readonly messages: number };

/** The part of the report that a series is shown in. */
export type Section = "stores" | "synced" | "reads" | "removes" | "shapes" | "shards" | "endurance" | "ceiling";

/** What was found so far: the rate of a series in the round that is under way, null where there is none. */
export type RateOf = (id: string) => number | null;

/** One thing that is measured, as often as there are rounds. */
export interface Series {
  /** Names it in results.json and in goals; unique. */
  readonly id: string;
  readonly section: Section;
  /** Shown in tables and charts. */
  readonly title: string;
  /** Measured in every round, as goals need it, or in the first one only. */
  readonly rounds: "all" | "first";
  readonly fixture: Fixture | null;
  readonly subject: PeerSubject | DbBenchSubject;
}

export interface PeerSubject {
  readonly kind: "peer";
  readonly peer: PeerName;
  /** Null: what it needs to know of the round was not measured. */
  readonly spec: (rateOf: RateOf) => RunSpec | null;
}

export interface DbBenchSubject {
  readonly kind: "db_bench";
  readonly spec: DbBenchSpec;
}
