import type { RocksSpool, SpoolEntry } from "rockspool";
import { InFlight } from "../in-flight.ts";
import { MAX_IN_FLIGHT_BYTES } from "../mail/limits.ts";
import { type DemoRun, type Phase, timed } from "./demo-run.ts";
import { Mismatches } from "./mismatches.ts";

/** Concurrent reads of the file with the composed messages. */
const MAX_READS = 16;

/**
 * Enumerates the spool and compares every byte with the composed messages. `expected(i)` returns whether the spool must
 * hold message i. A message that is missing, extra, listed twice, corrupt or different is a mismatch.
 */
export function verifyMail(run: DemoRun, spool: RocksSpool, expected: (index: number) => boolean): Promise<Phase> {
  const { context, mail, ids } = run;
  return timed("enumerate and compare", async () => {
    const indexes = new Map(ids.map((id, index) => [id.toString(), index]));
    const seen = new Uint8Array(ids.length);
    const mismatches = new Mismatches();
    const total = ids.reduce((count, _, index) => count + (expected(index) ? 1 : 0), 0);
    const progress = context.progress({ title: "comparing", total, unit: "messages" });
    const inFlight = new InFlight(MAX_READS, MAX_IN_FLIGHT_BYTES);
    let messages = 0;
    let bytes = 0;

    const check = async (entry: SpoolEntry): Promise<void> => {
      if (entry.kind === "corrupt") return mismatches.add("corrupt", entry.key);
      const id = entry.id.toString();
      const index = indexes.get(id);
      if (index === undefined || !expected(index)) return mismatches.add("extra", id);
      if (seen[index] === 1) return mismatches.add("there twice", id);
      seen[index] = 1;
      messages++;
      bytes += entry.data.length;
      if (!(await mail.read(index)).equals(entry.data)) mismatches.add("different", id);
    };

    try {
      for await (const entry of spool.enumerate({ signal: context.signal })) {
        const size = entry.kind === "item" ? entry.data.length : 0;
        await inFlight.add(size, () => check(entry));
        progress.add(1);
      }
    } finally {
      await inFlight.settled().finally(() => progress.stop());
    }
    for (const [index, id] of ids.entries())
      if (expected(index) && seen[index] === 0) mismatches.add("missing", id.toString());
    mismatches.throwIfAny();
    return { messages, bytes };
  });
}
