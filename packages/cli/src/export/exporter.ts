import type { SpoolEntry } from "rockspool";
import type { Context } from "../context.ts";
import { InFlight } from "../in-flight.ts";
import { MAX_IN_FLIGHT_BYTES } from "../mail/limits.ts";
import type { MailTarget } from "../mail/mail-target.ts";

export interface ExportResult {
  /** Messages that the target holds. */
  readonly written: number;
  readonly bytes: number;
  /** Entries that could not be read and are missing in the target. */
  readonly corrupt: number;
  readonly seconds: number;
}

/** Files written concurrently, where each message is a file: enough to keep a disk busy while each file is synced. */
const MAX_FILES = 16;

/**
 * Writes all messages, in no order. A failure or an abort discards what was written, unless the target keeps partial
 * results.
 */
export async function exportMail(
  context: Context,
  entries: AsyncIterable<SpoolEntry>,
  target: MailTarget,
): Promise<ExportResult> {
  const started = performance.now();
  const counts = { written: 0, bytes: 0, corrupt: 0 };
  const inFlight = new InFlight(target.parallel ? MAX_FILES : 1, MAX_IN_FLIGHT_BYTES);
  await target.open();
  const progress = context.progress({ title: "exporting", total: null, unit: "messages" });
  try {
    for await (const entry of entries) {
      if (entry.kind === "corrupt") {
        counts.corrupt++;
        context.reporter.error(entry.error, entry.key);
        continue;
      }
      await inFlight.add(entry.data.length, async () => {
        await target.write(entry.id, entry.data);
        counts.written++;
        counts.bytes += entry.data.length;
        progress.add(1);
      });
    }
    await inFlight.settled();
    if (!context.signal.aborted) await target.complete();
  } catch (error) {
    await inFlight.settled().catch(() => {});
    await target.discard();
    throw error;
  } finally {
    progress.stop();
  }
  if (context.signal.aborted) {
    await target.discard();
    if (!target.keepsPartial) Object.assign(counts, { written: 0, bytes: 0 });
  }
  return { ...counts, seconds: (performance.now() - started) / 1000 };
}
