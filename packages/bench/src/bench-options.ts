import { parseArgs } from "node:util";

/** The options of `npm run bench`. */
export interface BenchOptions {
  readonly quick: boolean;
  readonly large: boolean;
  readonly publish: boolean;
  /** The directory to measure in. Null: the one for temporary files. */
  readonly directory: string | null;
  /** The directory of the report, relative to the repository. */
  readonly report: string;
  /** A results.json to make the report of, without measuring; null to measure. */
  readonly from: string | null;
  /** Measure only series whose id contains this text; null for all. */
  readonly only: string | null;
}

export const USAGE = `usage: npm run bench [-- options]

  --quick            90 seconds instead of 10 minutes
  --large            10 minutes more: removes 10 M messages, opens a spool of 10 M; needs 12 GB of disk
  --only TEXT        only series with TEXT in their name, such as "synced"
  --directory DIR    measure in DIR instead of the directory for temporary files
  --report DIR       write the report to DIR instead of bench-report/
  --from FILE        measure nothing, make the report of this results.json
  --publish          also write the report to docs/performance.md`;

/** Throws for wrong arguments. */
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
