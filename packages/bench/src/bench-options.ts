import { parseArgs } from "node:util";

/** What `npm run bench` can be asked for. */
export interface BenchOptions {
  readonly quick: boolean;
  readonly large: boolean;
  readonly publish: boolean;
  /** Where to write what is measured. Null: the directory for temporary files. */
  readonly directory: string | null;
  /** Where the report goes, seen from the repository. */
  readonly report: string;
  /** A results.json to report on, instead of measuring; null to measure. */
  readonly from: string | null;
  /** Series whose id has this in it; null for all. */
  readonly only: string | null;
}

export const USAGE = `usage: npm run bench [-- options]

  --quick            90 seconds instead of 10 minutes
  --large            10 minutes more: 10 M messages removed and opened; needs 12 GB of disk
  --only TEXT        only what has TEXT in its name, such as "synced"
  --directory DIR    measure there instead of in the directory for temporary files
  --report DIR       write the report there instead of to bench-report/
  --from FILE        measure nothing: make the report of this results.json
  --publish          write the report to docs/performance.md too`;

/** Throws an error that says what is wrong with the arguments. */
export function parseBenchOptions(args: readonly string[]): BenchOptions | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      large: { type: "boolean", default: false },
      publish: { type: "boolean", default: false },
      directory: { type: "string" },
      report: { type: "string", default: "bench-report" },
      from: { type: "string" },
      only: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  return {
    quick: values.quick,
    large: values.large,
    publish: values.publish,
    directory: values.directory ?? null,
    report: values.report,
    from: values.from ?? null,
    only: values.only ?? null,
  };
}
