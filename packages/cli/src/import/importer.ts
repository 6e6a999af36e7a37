import { type RocksSpool, SpoolError, SpoolId, SpoolTooLargeError } from "rockspool";
import type { Context } from "../context.ts";
import { errorJson, OutputClosedError } from "../errors.ts";
import { InFlight } from "../in-flight.ts";
import { MAX_IN_FLIGHT_BYTES } from "../mail/limits.ts";
import type { MailFormat } from "../mail/mail-format.ts";
import type { MailItem } from "../mail/mail-item.ts";
import { findSource, itemsOf, type MailSource, sizeOfSource } from "../mail/source.ts";
import type { Progress } from "../terminal/progress.ts";

export interface ImportRequest {
  readonly sources: readonly string[];
  /** Undefined: detected for each source. */
  readonly format: MailFormat | undefined;
  readonly sync: boolean;
  readonly keepIds: boolean;
  readonly concurrency: number;
}

export interface ImportResult {
  readonly stored: number;
  /** Of the messages stored. */
  readonly bytes: number;
  /** Messages and whole sources that could not be read, and messages that are too large. */
  readonly failed: number;
  /** The spool failed, and the rest of the sources was not read. */
  readonly stopped: boolean;
  readonly seconds: number;
}

/** Stores the messages of all sources, many concurrently. Stops when the signal aborts or the spool fails. */
export async function importMail(context: Context, spool: RocksSpool, request: ImportRequest): Promise<ImportResult> {
  const started = performance.now();
  const counts = { stored: 0, bytes: 0, failed: 0 };
  const inFlight = new InFlight(request.concurrency, MAX_IN_FLIGHT_BYTES);
  const fail = async (error: unknown, name: string): Promise<void> => {
    counts.failed++;
    if (context.json) await context.out.json({ kind: "failed", source: name, error: errorJson(error) });
    else context.reporter.error(error, name);
  };

  const storeOne = async (item: MailItem): Promise<void> => {
    try {
      const data = await item.read();
      const id = (request.keepIds || item.keepsId) && item.id !== null ? SpoolId.parse(item.id) : spool.newId();
      const reached = await spool.store(id, data, { forceSync: request.sync });
      counts.stored++;
      counts.bytes += data.length;
      if (context.json) await context.out.json({ kind: "stored", id, bytes: data.length, reached, source: item.name });
    } catch (error) {
      if (isFatal(error)) throw error;
      await fail(error, item.name);
    }
  };

  let stopped = false;
  const { sources, progress } = await prepare(context, request, fail);
  try {
    for (const source of sources) {
      if (context.signal.aborted) break;
      await feed(context, source, inFlight, storeOne, progress).catch((error: unknown) => {
        // An abort makes the stream that is being read fail: not an error of the source.
        if (isFatal(error)) throw error;
        return context.signal.aborted ? undefined : fail(error, source.path);
      });
    }
    await inFlight.settled();
  } catch (error) {
    await inFlight.settled().catch(() => {});
    if (!(error instanceof SpoolError)) throw error;
    stopped = true;
    context.reporter.error(error);
  } finally {
    progress.stop();
  }
  return { ...counts, stopped, seconds: (performance.now() - started) / 1000 };
}

async function feed(
  context: Context,
  source: MailSource,
  inFlight: InFlight,
  storeOne: (item: MailItem) => Promise<void>,
  progress: Progress,
): Promise<void> {
  for await (const item of itemsOf(source, context)) {
    if (context.signal.aborted) return;
    await inFlight.add(item.bytes, async () => {
      await storeOne(item);
      progress.add(item.bytes);
    });
  }
}

/** Checks all sources before the first is read: wrong paths are reported at once, and the bar gets its total. */
async function prepare(
  context: Context,
  { sources: paths, format }: ImportRequest,
  fail: (error: unknown, name: string) => Promise<void>,
): Promise<{ sources: MailSource[]; progress: Progress }> {
  const sources: MailSource[] = [];
  let total: number | null = 0;
  for (const path of paths) {
    try {
      const source = await findSource(path, format);
      sources.push(source);
      // Only a bar needs the total, and walking a large folder takes time.
      const size: number | null = context.showsBar ? await sizeOfSource(source, context) : null;
      total = total === null || size === null ? null : total + size;
    } catch (error) {
      await fail(error, path);
    }
  }
  return { sources, progress: context.progress({ title: "importing", total, unit: "bytes" }) };
}

/**
 * Whether the next message would fail too: the spool failed, or stdout is closed. One that is too large fails alone.
 */
function isFatal(error: unknown): boolean {
  if (error instanceof OutputClosedError) return true;
  return error instanceof SpoolError && !(error instanceof SpoolTooLargeError);
}
