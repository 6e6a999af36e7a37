import type { RocksSpool, SpoolEntry } from "rockspool";
import { MismatchError } from "../errors.ts";
import { InFlight } from "../in-flight.ts";
import { MAX_IN_FLIGHT_BYTES } from "../mail/limits.ts";
import { plural } from "../terminal/format.ts";
import { type DemoRun, type Phase, timed } from "./demo-run.ts";

/** Messages read back from the demo's file at a time. */
const READS_AT_A_TIME = 16;

/**
 * Enumerates the spool and compares every byte with what was composed. `expected(i)` says whether message i must be there:
 * one that is missing, extra, there twice, corrupt or different is a mismatch.
 */
export function verifyMail(run: DemoRun, spool: RocksSpool, expected: (index: number) => boolean): Promise<Phase> {
  const { context, mail, ids } = run;
  return timed("enumerate and compare", async () => {
    const indexes = new Map(ids.map((id, index) => [id.toString(), index]));
    const seen = new Uint8Array(ids.length);
    const flaws = new Flaws();
    const total = ids.reduce((count, _, index) => count + (expected(index) ? 1 : 0), 0);
    const progress = context.progress({ title: "comparing", total, unit: "messages" });
    const inFlight = new InFlight(READS_AT_A_TIME, MAX_IN_FLIGHT_BYTES);
    let messages = 0;
    let bytes = 0;

    const check = async (entry: SpoolEntry): Promise<void> => {
      if (entry.kind === "corrupt") return flaws.add("corrupt", entry.key);
      const id = entry.id.toString();
      const index = indexes.get(id);
      if (index === undefined || !expected(index)) return flaws.add("extra", id);
      if (seen[index] === 1) return flaws.add("there twice", id);
      seen[index] = 1;
      messages++;
      bytes += entry.data.length;
      if (!(await mail.read(index)).equals(entry.data)) flaws.add("different", id);
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
      if (expected(index) && seen[index] === 0) flaws.add("missing", id.toString());
    flaws.throwIfAny();
    return { messages, bytes };
  });
}

/** What was wrong, how often, and one example of each. */
export class Flaws {
  readonly #found = new Map<string, { count: number; readonly example: string }>();

  add(kind: string, id: string): void {
    const found = this.#found.get(kind);
    if (found === undefined) this.#found.set(kind, { count: 1, example: id });
    else found.count++;
  }

  throwIfAny(): void {
    if (this.#found.size === 0) return;
    const kinds = [...this.#found].map(
      ([kind, { count, example }]) => `${plural(count, "message")} ${kind} (${example})`,
    );
    throw new MismatchError(`the spool does not hold what was stored: ${kinds.join(", ")}`);
  }
}
