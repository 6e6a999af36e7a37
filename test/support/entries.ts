import type { EnumerateOptions, Spool, SpoolEntry } from "rockspool";
import { until } from "./until.ts";

/** Everything that an enumeration yields, in its order. */
export async function entriesOf(spool: Spool, options?: EnumerateOptions): Promise<SpoolEntry[]> {
  const entries: SpoolEntry[] = [];
  for await (const entry of spool.enumerate(options)) entries.push(entry);
  return entries;
}

/** The ids of the messages, sorted; a corrupt entry stands there with its key, so that none goes unseen. */
export function idsOf(entries: readonly SpoolEntry[]): string[] {
  return entries.map((entry) => (entry.kind === "item" ? String(entry.id) : `corrupt ${entry.key}`)).sort();
}

/** What was made before is older than an enumeration that starts after this: ids tell time to the millisecond. */
export async function nextMillisecond(): Promise<void> {
  const now = Date.now();
  await until("the clock ticks", () => Date.now() > now + 1);
}
