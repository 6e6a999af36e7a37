import type { SpoolId } from "rockspool";
import type { Random } from "../compose/random.ts";
import type { Context } from "../context.ts";
import type { MailFile } from "./mail-file.ts";

/** What the phases of a demo share. */
export interface DemoRun {
  readonly context: Context;
  readonly mail: MailFile;
  readonly random: Random;
  /** The id of message i, from when it was stored. */
  readonly ids: SpoolId[];
}

/** What a phase did, and how long it took. */
export interface Phase {
  readonly name: string;
  readonly messages: number;
  readonly bytes: number;
  readonly seconds: number;
  /** Of each operation; null where there were none. */
  readonly latency: Latency | null;
}

/** In milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Operations on their way at a time, in every phase. */
export const DEMO_IN_FLIGHT = 256;

/** Times `work`, which resolves to the messages and bytes it dealt with. */
export async function timed(
  name: string,
  work: () => Promise<{ messages: number; bytes: number; latency?: Latency | null }>,
): Promise<Phase> {
  const started = performance.now();
  const { messages, bytes, latency = null } = await work();
  return { name, messages, bytes, seconds: (performance.now() - started) / 1000, latency };
}
