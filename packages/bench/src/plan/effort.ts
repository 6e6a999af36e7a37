/** How much is measured, and how long. */
export interface Effort {
  readonly name: "quick" | "full";
  /** Rounds of what goals are computed from. */
  readonly rounds: number;
  /** What is timed, and what warms up before it, in rounds. */
  readonly seconds: number;
  readonly warmupSeconds: number;
  /** The same where one run is enough. */
  readonly onceSeconds: number;
  readonly onceWarmupSeconds: number;
  /** db_bench knows whole seconds only. */
  readonly dbBenchSeconds: number;
  /** Messages to load and enumerate. */
  readonly fixtureMessages: number;
  /** The same for one file a message, which is slow to make. */
  readonly fixtureFiles: number;
  /** Messages to remove. */
  readonly removedMessages: number;
  /** Stores and removes over which memory is watched. */
  readonly churnMessages: number;
  /** Messages of the spools that are opened. */
  readonly openedMessages: readonly number[];
  /** Whether each peer is measured in each way, or only in those that goals ask for. */
  readonly everything: boolean;
}

/** About 90 seconds. */
export const QUICK: Effort = {
  name: "quick",
  rounds: 2,
  seconds: 0.5,
  warmupSeconds: 0.2,
  onceSeconds: 0.5,
  onceWarmupSeconds: 0.2,
  dbBenchSeconds: 1,
  fixtureMessages: 100_000,
  fixtureFiles: 2_000,
  removedMessages: 50_000,
  churnMessages: 200_000,
  openedMessages: [],
  everything: false,
};

/** About 10 minutes. */
export const FULL: Effort = {
  name: "full",
  rounds: 5,
  seconds: 2,
  warmupSeconds: 0.5,
  onceSeconds: 1,
  onceWarmupSeconds: 0.3,
  dbBenchSeconds: 2,
  fixtureMessages: 300_000,
  fixtureFiles: 20_000,
  removedMessages: 200_000,
  churnMessages: 2_000_000,
  openedMessages: [1_000_000],
  everything: true,
};

/** About 10 minutes more, and 12 GB of disk: memory over ten million messages, and a spool of ten million opened. */
export function withLarge(effort: Effort): Effort {
  return { ...effort, churnMessages: 10_000_000, openedMessages: [1_000_000, 10_000_000] };
}
