import { type RocksSpool, SpoolNotFoundError } from "rockspool";
import { InFlight } from "../in-flight.ts";
import { MAX_IN_FLIGHT_BYTES } from "../mail/limits.ts";
import { DEMO_IN_FLIGHT, type DemoRun, type Phase, timed } from "./demo-run.ts";
import { LatencyMeter } from "./latency-meter.ts";
import { Mismatches } from "./mismatches.ts";

export function removeMail(run: DemoRun, spool: RocksSpool, indexes: readonly number[]): Promise<Phase> {
  return timed("remove", async () => {
    const meter = new LatencyMeter();
    const bytes = await forEachMessage(run, "removing", indexes, (id) => meter.measure(() => spool.remove(id)));
    return { messages: indexes.length, bytes, latency: meter.latency };
  });
}

/** Loads removed messages: each must be missing. */
export function checkGone(run: DemoRun, spool: RocksSpool, indexes: readonly number[]): Promise<Phase> {
  return timed("look for the removed", async () => {
    const mismatches = new Mismatches();
    const meter = new LatencyMeter();
    await forEachMessage(run, "looking", indexes, async (id) => {
      const found = await meter.measure(() => holds(spool, id));
      if (found) mismatches.add("not removed", id);
    });
    mismatches.throwIfAny();
    return { messages: indexes.length, bytes: 0, latency: meter.latency };
  });
}

async function holds(spool: RocksSpool, id: string): Promise<boolean> {
  try {
    await spool.load(id);
    return true;
  } catch (error) {
    if (error instanceof SpoolNotFoundError) return false;
    throw error;
  }
}

/** Runs `work` on each message. Resolves to their bytes in all. */
async function forEachMessage(
  { context, mail, ids }: DemoRun,
  title: string,
  indexes: readonly number[],
  work: (id: string) => Promise<void>,
): Promise<number> {
  const progress = context.progress({ title, total: indexes.length, unit: "messages" });
  const inFlight = new InFlight(DEMO_IN_FLIGHT, MAX_IN_FLIGHT_BYTES);
  let bytes = 0;
  try {
    for (const index of indexes) {
      context.signal.throwIfAborted();
      const id = ids[index];
      if (id === undefined) throw new Error(`message ${index} was never stored`);
      bytes += mail.lengthOf(index);
      await inFlight.add(0, async () => {
        await work(id.toString());
        progress.add(1);
      });
    }
  } finally {
    await inFlight.settled().finally(() => progress.stop());
  }
  return bytes;
}
