import { type RocksSpool, SpoolNotFoundError } from "rockspool";
import { InFlight } from "../in-flight.ts";
import { MAX_IN_FLIGHT_BYTES } from "../mail/limits.ts";
import { DEMO_IN_FLIGHT, type DemoRun, type Phase, timed } from "./demo-run.ts";
import { LatencyMeter } from "./latency-meter.ts";
import { Flaws } from "./verify-phase.ts";

/** Removes these messages. */
export function removeMail(run: DemoRun, spool: RocksSpool, indexes: readonly number[]): Promise<Phase> {
  return timed("remove", async () => {
    const meter = new LatencyMeter();
    const bytes = await forEachMessage(run, "removing", indexes, (id) => meter.measure(() => spool.remove(id)));
    return { messages: indexes.length, bytes, latency: meter.latency };
  });
}

/** Asks for messages that were removed: each must be gone. */
export function checkGone(run: DemoRun, spool: RocksSpool, indexes: readonly number[]): Promise<Phase> {
  return timed("look for the removed", async () => {
    const flaws = new Flaws();
    const meter = new LatencyMeter();
    await forEachMessage(run, "looking", indexes, async (id) => {
      const there = await meter.measure(() => isThere(spool, id));
      if (there) flaws.add("not removed", id);
    });
    flaws.throwIfAny();
    return { messages: indexes.length, bytes: 0, latency: meter.latency };
  });
}

async function isThere(spool: RocksSpool, id: string): Promise<boolean> {
  try {
    await spool.load(id);
    return true;
  } catch (error) {
    if (error instanceof SpoolNotFoundError) return false;
    throw error;
  }
}

/** Resolves to the bytes of all these messages. */
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
