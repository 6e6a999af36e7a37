import { isInMemory } from "../machine/machine.ts";
import { count, decimal } from "./format.ts";
import type { Results } from "./results.ts";

const GIBIBYTE = 1024 ** 3;
const SECONDS_PER_MINUTE = 60;
/** Above that, something else was using the processors. */
const IDLE_LOAD = 0.5;

/** What a reader must know of where the figures come from: one line each. */
export function facts(results: Results): string[] {
  const { machine, versions, commit, mode, rounds, startedAt, seconds } = results;
  const peers = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${machine.cpu}, ${machine.cores} cores, ${count(machine.memoryBytes / GIBIBYTE)} GiB of memory, ${machine.system}, Node ${machine.node}, ${machine.fileSystem}`,
    `${peers.join(", ")}${commit === null ? "" : `; rockspool's commit ${commit}`}`,
    `${startedAt}, ${decimal(seconds / SECONDS_PER_MINUTE)} minutes, ${mode}: ${rounds} interleaved rounds of what goals need, one of the rest`,
    ...(machine.loadBefore > IDLE_LOAD
      ? [
          `The machine was not idle before the start (load average ${decimal(machine.loadBefore)}): trust ratios only, and those little.`,
        ]
      : []),
    ...(isInMemory(machine) ? ["The directory was in memory: figures of synced stores mean nothing."] : []),
  ];
}
