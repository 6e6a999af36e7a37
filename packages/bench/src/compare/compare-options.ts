import { parseArgs } from "node:util";

/** What `npm run bench:compare` can be asked for. */
export interface CompareOptions {
  /** A commit, branch or tag. */
  readonly ref: string;
  readonly quick: boolean;
  /** Scenarios whose title has this in it; null for all. */
  readonly only: string | null;
  /** Where to write what is measured. Null: the directory for temporary files. */
  readonly directory: string | null;
}

export const USAGE = `usage: npm run bench:compare -- REF [options]

  --quick            5 short runs a side instead of 7 longer ones: 3 minutes instead of 8
  --only TEXT        only what has TEXT in its name, such as "synced"
  --directory DIR    measure there instead of in the directory for temporary files`;

/** Throws an error that says what is wrong with the arguments. */
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
  if (ref === undefined || positionals.length > 1) throw new Error("which commit is this tree to be compared with?");
  return { ref, quick: values.quick, only: values.only ?? null, directory: values.directory ?? null };
}
