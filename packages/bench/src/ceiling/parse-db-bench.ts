/** What db_bench prints for one benchmark. */
export interface DbBenchResult {
  readonly microsPerOperation: number;
  readonly perSecond: number;
  readonly seconds: number;
  readonly operations: number;
}

/** A line as `fillrandom   :       4.279 micros/op 233655 ops/sec 0.428 seconds 99968 operations;  231.7 MB/s`. */
const RESULT = /^(\w+) *: +([\d.]+) micros\/op +(\d+) ops\/sec +([\d.]+) seconds +(\d+) operations;/gm;

/** The last result of `benchmark` in the output of db_bench (RocksDB 7 or later). Throws if there is none. */
export function parseDbBench(output: string, benchmark: string): DbBenchResult {
  const last = [...output.matchAll(RESULT)].filter(([, name]) => name === benchmark).at(-1);
  if (last !== undefined) {
    const [, , micros, perSecond, seconds, operations] = last;
    return {
      microsPerOperation: Number(micros),
      perSecond: Number(perSecond),
      seconds: Number(seconds),
      operations: Number(operations),
    };
  }
  throw new Error(`db_bench printed no result of ${benchmark}: ${output.slice(-500)}`);
}

/** Its version, such as `7.8.3`; null if the output has none. */
export function parseDbBenchVersion(output: string): string | null {
  return /version (\d[\d.]*)/.exec(output)?.[1] ?? null;
}
