import { parseArgs } from "node:util";

/** The options of `npm run bench:compare`. */
export interface CompareOptions {
  /** A commit, branch or tag. */
  readonly ref: string;
  readonly quick: boolean;
  /** Compare only scenarios whose title contains this text; null for all. */
  readonly only: string | null;
  /** The directory to measure in. Null: the one for temporary files. */
  readonly directory: string | null;
}

export const USAGE = `usage: npm run bench:compare -- REF [options]

  --quick            5 short runs of each side instead of 7 longer ones: 3 minutes instead of 8
  --only TEXT        only scenarios with TEXT in their title, such as "synced"
  --directory DIR    measure in DIR instead of the directory for temporary files`;

/** Throws for wrong arguments. */
export function parseCompareOptions(args: readonly string[]): CompareOptions | "help" {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      directory: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const [ref] = positionals;
  if (ref === undefined || positionals.length > 1) throw new Error("one commit is needed to compare this tree with");
  return { ref, quick: values.quick, only: values.only ?? null, directory: values.directory ?? null };
}
