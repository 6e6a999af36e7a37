import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Logger, type LogLevel, type SpoolEntry, SpoolId, shardOf } from "@rockspool/core";
import { Registry } from "prom-client";
import { onTestFinished, vi } from "vitest";
import { type FaultySpool, type FaultySpoolOptions, openFaultySpool } from "../src/testing/open-faulty-spool.ts";

/** A spool with faults, whose log lines, events and metrics are recorded. */

export const SHARDS = 2;
export const DATA = Uint8Array.of(1, 2, 3);

export interface Line {
  readonly level: LogLevel;
  readonly fields: object;
  readonly message: string;
}

/** A message of one of the spool's channels. */
export interface Published {
  readonly channel: string;
  readonly message: Record<string, unknown>;
}

export interface ObservedSpool extends FaultySpool {
  readonly path: string;
  /** The directory of a shard. */
  shardPath(shard: number): string;
  readonly lines: Line[];
  readonly events: Published[];
  /** The values of a metric by their labels, as a scrape prints them; a path is relative to the spool's. */
  scrape(metric: string): Promise<Record<string, number>>;
}

const CHANNELS = ["latch", "unlatch", "shard:up", "shard:down", "loss"].map((name) => `rockspool:${name}`);

export async function makeDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "rockspool-observed-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return join(directory, "spool");
}

export async function openObserved(options: Partial<FaultySpoolOptions> = {}): Promise<ObservedSpool> {
  const path = options.path ?? (await makeDirectory());
  const lines: Line[] = [];
  const events = recordEvents(path);
  const registry = new Registry();
  const opened = await openFaultySpool({ shards: SHARDS, logger: loggerTo(lines), registry, ...options, path });
  onTestFinished(async () => {
    await opened.faults.release();
    await opened.spool.shutdown().catch(() => {});
  });
  const scrape = async (metric: string): Promise<Record<string, number>> => {
    const found: Record<string, number> = {};
    for (const line of (await registry.metrics()).split("\n")) {
      if (!line.startsWith(`${metric}{`)) continue;
      const [labels, value] = line.slice(metric.length + 1).split("} ") as [string, string];
      found[labels.replaceAll(`${path}/`, "")] = Number(value);
    }
    return found;
  };
  const shardPath = (shard: number): string => join(path, `shard-00${shard}`);
  return { ...opened, path, shardPath, lines, events, scrape };
}

/** The log lines of one shard, without those that say that it is served. */
export function shardLines(lines: readonly Line[], shard: number): Line[] {
  return lines.filter(
    ({ fields, message }) => "shard" in fields && fields.shard === shard && !/is served$/.test(message),
  );
}

/** Waits until there are so many: the lines of a shard's thread come over a port of their own. */
export async function awaitShardLines(lines: readonly Line[], shard: number, count: number): Promise<Line[]> {
  await vi.waitUntil(() => shardLines(lines, shard).length >= count, 30_000);
  return shardLines(lines, shard);
}

/** The series that are not 0. */
export function nonZero(series: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(series).filter(([, value]) => value !== 0));
}

export function loggerTo(lines: Line[]): Logger {
  const note =
    (level: LogLevel) =>
    (fields: object, message: string): void => {
      lines.push({ level, fields, message });
    };
  return { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") };
}

export function idOn(shard: number): SpoolId {
  for (;;) {
    const id = SpoolId.generate();
    if (shardOf(id.bytes, SHARDS) === shard) return id;
  }
}

/** Resolves to the promise's value or error. A rejection meanwhile is not unhandled. */
export function end(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: unknown) => error);
}

/**
 * A closed spool whose shard 1 has lost batches 4 to 7, which were on the disk: three messages and a close. It still
 * has `id`.
 */
export async function makeLoss(): Promise<{ path: string; id: SpoolId }> {
  const path = await makeDirectory();
  const id = idOn(1);
  await storeInto(path, [id, idOn(1)]);
  const shard = join(path, "shard-001");
  await cp(shard, `${path}-before`, { recursive: true });
  await storeInto(path, [idOn(1), idOn(1), idOn(1)]);
  await rm(shard, { recursive: true });
  await cp(`${path}-before`, shard, { recursive: true });
  return { path, id };
}

/** Stores each id in a batch of its own, synced. */
export async function storeInto(path: string, ids: readonly SpoolId[]): Promise<void> {
  const { spool } = await openFaultySpool({ path, shards: SHARDS, registry: new Registry() });
  for (const id of ids) await spool.store(id, DATA, { forceSync: true });
  await spool.shutdown();
}

function recordEvents(path: string): Published[] {
  const events: Published[] = [];
  const note = (message: unknown, channel: string | symbol): void => {
    const event = message as Published["message"];
    if (event.spool === path) events.push({ channel: String(channel), message: event });
  };
  for (const channel of CHANNELS) subscribe(channel, note);
  onTestFinished(() => {
    for (const channel of CHANNELS) unsubscribe(channel, note);
  });
  return events;
}

/** The ids that an enumeration yields, and the error that ends it. */
export async function drain(entries: AsyncIterable<SpoolEntry>): Promise<{ ids: string[]; error: unknown }> {
  const ids: string[] = [];
  try {
    for await (const { id } of entries) ids.push(String(id));
    return { ids, error: null };
  } catch (error) {
    return { ids, error };
  }
}
