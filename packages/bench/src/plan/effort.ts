/** How much is measured, and for how long. */
export interface Effort {
  readonly name: "quick" | "full";
  /** Rounds of the series that goals need. */
  readonly rounds: number;
  /** The time that counts, and the warm-up before it, of a series that is measured in every round. */
  readonly seconds: number;
  readonly warmupSeconds: number;
  /** The same of a series that is measured once. */
  readonly onceSeconds: number;
  readonly onceWarmupSeconds: number;
  /** db_bench accepts only whole seconds. */
  readonly dbBenchSeconds: number;
  /** Messages to load and enumerate. */
  readonly fixtureMessages: number;
  /** The same for the peer with one file for each message, which is slow to fill. */
  readonly fixtureFiles: number;
  /** Messages to remove. */
  readonly removedMessages: number;
  /** Stores and removes of the run that samples memory. */
  readonly churnMessages: number;
  /** Messages of each spool whose opening is timed. */
  readonly openedMessages: readonly number[];
  /** Whether all series are measured, or only those that goals need. */
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

/**
 * With ten million messages stored and removed, and a spool of ten million opened: 10 minutes more, and 12 GB of disk.
 */
export function withLarge(effort: Effort): Effort {
  return { ...effort, churnMessages: 10_000_000, openedMessages: [1_000_000, 10_000_000] };
}
