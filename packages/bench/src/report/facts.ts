import { isInMemory } from "../machine/machine.ts";
import { count, decimal } from "./format.ts";
import type { Results } from "./results.ts";

const GIBIBYTE = 1024 ** 3;
const SECONDS_PER_MINUTE = 60;
/** With a higher load average, the machine was not idle. */
const IDLE_LOAD = 0.5;

/** The machine, the versions and the run, one line each. */
export function facts(results: Results): string[] {
  const { machine, versions, commit, mode, rounds, startedAt, seconds } = results;
  const peers = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${machine.cpu}, ${machine.cores} cores, ${count(machine.memoryBytes / GIBIBYTE)} GiB of memory, ` +
      `${machine.system}, Node ${machine.node}, ${machine.fileSystem}`,
    `${peers.join(", ")}${commit === null ? "" : `; commit ${commit} of rockspool`}`,
    `${startedAt}, ${decimal(seconds / SECONDS_PER_MINUTE)} minutes, ${mode}: ${rounds} interleaved rounds of the ` +
      "series that goals need, one round of the others",
    ...(machine.loadBefore > IDLE_LOAD
      ? [
          `The machine was not idle before the start (load average ${decimal(machine.loadBefore)}): only ratios can ` +
            "be compared, and they are less exact.",
        ]
      : []),
    ...(isInMemory(machine) ? ["The directory was in memory: the results of synced stores mean nothing."] : []),
  ];
}
