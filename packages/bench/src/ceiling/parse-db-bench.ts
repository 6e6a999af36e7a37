/** What db_bench says of one benchmark. */
export interface DbBenchFigures {
  readonly microsPerOperation: number;
  readonly perSecond: number;
  readonly seconds: number;
  readonly operations: number;
}

/** A line as `fillrandom   :       4.279 micros/op 233655 ops/sec 0.428 seconds 99968 operations;  231.7 MB/s`. */
const FIGURES = /^(\w+) *: +([\d.]+) micros\/op +(\d+) ops\/sec +([\d.]+) seconds +(\d+) operations;/gm;

/** The last figures of `benchmark` in what db_bench (RocksDB 7 or later) has printed. Throws where there are none. */
export function parseDbBench(output: string, benchmark: string): DbBenchFigures {
  const last = [...output.matchAll(FIGURES)].filter(([, name]) => name === benchmark).at(-1);
  if (last !== undefined) {
    const [, , micros, perSecond, seconds, operations] = last;
    return {
      microsPerOperation: Number(micros),
      perSecond: Number(perSecond),
      seconds: Number(seconds),
      operations: Number(operations),
    };
  }
  throw new Error(`db_bench printed no figures of ${benchmark}: ${output.slice(-500)}`);
}

/** Its version, such as `7.8.3`; null where it does not say. */
export function parseDbBenchVersion(output: string): string | null {
  return /version (\d[\d.]*)/.exec(output)?.[1] ?? null;
}
