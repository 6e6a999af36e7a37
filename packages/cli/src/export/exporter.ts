import type { SpoolEntry } from "rockspool";
import type { Context } from "../context.ts";
import { InFlight } from "../in-flight.ts";
import { MAX_IN_FLIGHT_BYTES } from "../mail/limits.ts";
import type { MailTarget } from "../mail/mail-target.ts";

export interface ExportResult {
  /** Messages that are in the target now. */
  readonly written: number;
  readonly bytes: number;
  /** Entries that could not be read, and are not in the target. */
  readonly corrupt: number;
  readonly seconds: number;
}

/** Files written at a time, where each message is one: enough to keep a disk busy while each is synced. */
const FILES_AT_A_TIME = 16;

/** Writes all messages, in no order. What cannot be completed is taken back, as far as the target can. */
export async function exportMail(
  context: Context,
  entries: AsyncIterable<SpoolEntry>,
  target: MailTarget,
): Promise<ExportResult> {
  const started = performance.now();
  const tally = { written: 0, bytes: 0, corrupt: 0 };
  const inFlight = new InFlight(target.parallel ? FILES_AT_A_TIME : 1, MAX_IN_FLIGHT_BYTES);
  const progress = context.progress({ title: "exporting", total: null, unit: "messages" });
  await target.open();
  try {
    for await (const entry of entries) {
      if (entry.kind === "corrupt") {
        tally.corrupt++;
        context.reporter.error(entry.error, entry.key);
        continue;
      }
      await inFlight.add(entry.data.length, async () => {
        await target.write(entry.id, entry.data);
        tally.written++;
        tally.bytes += entry.data.length;
        progress.add(1);
      });
    }
    await inFlight.settled();
    if (!context.signal.aborted) await target.complete();
  } catch (error) {
    await inFlight.settled().catch(() => {});
    await target.abandon();
    throw error;
  } finally {
    progress.stop();
  }
  if (context.signal.aborted) {
    await target.abandon();
    if (!target.keepsPartial) Object.assign(tally, { written: 0, bytes: 0 });
  }
  return { ...tally, seconds: (performance.now() - started) / 1000 };
}
