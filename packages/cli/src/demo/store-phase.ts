import type { Reached, RocksSpool } from "rockspool";
import { MismatchError } from "../errors.ts";
import { InFlight } from "../in-flight.ts";
import { MAX_IN_FLIGHT_BYTES } from "../mail/limits.ts";
import { DEMO_IN_FLIGHT, type DemoRun, type Phase, timed } from "./demo-run.ts";
import { LatencyMeter } from "./latency-meter.ts";

export interface StoreRange {
  readonly from: number;
  readonly to: number;
  /** What each message must reach. */
  readonly reached: Reached;
}

/** Stores messages `from` to `to - 1` under new ids. A store that reaches less than was asked for is a mismatch. */
export function storeMail(run: DemoRun, spool: RocksSpool, { from, to, reached }: StoreRange): Promise<Phase> {
  const { context, mail, ids } = run;
  return timed(`store, ${reached}`, async () => {
    const inFlight = new InFlight(DEMO_IN_FLIGHT, MAX_IN_FLIGHT_BYTES);
    const meter = new LatencyMeter();
    const progress = context.progress({
      title: reached === "synced" ? "storing, synced" : "storing",
      total: to - from,
      unit: "messages",
    });
    let bytes = 0;
    try {
      for await (const { index, data } of mail.readRange(from, to)) {
        context.signal.throwIfAborted();
        bytes += data.length;
        await inFlight.add(data.length, async () => {
          const id = spool.newId();
          const got = await meter.measure(() => spool.store(id, data, { forceSync: reached === "synced" }));
          if (reached === "synced" && got !== "synced")
            throw new MismatchError(`${id} should be synced, and is ${got}`);
          ids[index] = id;
          progress.add(1);
        });
      }
    } finally {
      await inFlight.settled().finally(() => progress.stop());
    }
    return { messages: to - from, bytes, latency: meter.latency };
  });
}
