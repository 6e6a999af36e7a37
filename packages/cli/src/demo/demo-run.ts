import type { SpoolId } from "rockspool";
import type { Random } from "../compose/random.ts";
import type { Context } from "../context.ts";
import type { MailFile } from "./mail-file.ts";

/** The state that the phases of a demo share. */
export interface DemoRun {
  readonly context: Context;
  readonly mail: MailFile;
  readonly random: Random;
  /** The id of message i, once it is stored. */
  readonly ids: SpoolId[];
}

/** The result of a phase. */
export interface Phase {
  readonly name: string;
  readonly messages: number;
  readonly bytes: number;
  readonly seconds: number;
  /** Of the operations; null where the phase has none. */
  readonly latency: Latency | null;
}

/** In milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Operations in flight at a time, in every phase. */
export const DEMO_IN_FLIGHT = 256;

/** Times `work`, which resolves to the number and bytes of the messages that it processed. */
export async function timed(
  name: string,
  work: () => Promise<{ messages: number; bytes: number; latency?: Latency | null }>,
): Promise<Phase> {
  const started = performance.now();
  const { messages, bytes, latency = null } = await work();
  return { name, messages, bytes, seconds: (performance.now() - started) / 1000, latency };
}
