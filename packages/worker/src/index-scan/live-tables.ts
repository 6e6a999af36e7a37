/** In the property `rocksdb.sstables`: the heading of a level, or a live table below it (number, size, key range). */
const LINE = /^\s*(?:--- level (\d+)[^\n]*|(\d+):\d+\[[^\n]*)$/gm;

/**
 * The tables of a database in sorted runs. Each table of level 0 is a run, because their key ranges overlap. Each other
 * level is one run.
 */
export function sortedRuns(sstables: string): string[][] {
  const runs: string[][] = [];
  let level = 0;
  for (const [, heading, number] of sstables.matchAll(LINE)) {
    if (heading !== undefined) {
      level = Number(heading);
      if (level > 0) runs.push([]);
      continue;
    }
    const name = `${number?.padStart(6, "0")}.sst`;
    if (level === 0) runs.push([name]);
    else runs.at(-1)?.push(name);
  }
  return runs.filter((run) => run.length > 0);
}
