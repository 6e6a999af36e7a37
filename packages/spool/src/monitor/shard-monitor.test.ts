import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { createStatusMemory, type HealthLimits, type LogLevel, ShardGate, ShardStatus } from "@rockspool/core";
import { describe, expect, it, onTestFinished } from "vitest";
import type { ShardClient } from "../shards/shard-client.ts";
import { ShardEvents } from "../shards/shard-events.ts";
import { ShardMonitor } from "./shard-monitor.ts";

const PATH = "/spool/shard-000";
const START_MS = 1_000_000;
const LATCHED_AT_MS = 999_000;
const LIMITS: HealthLimits = { errorLatchDuration: 15_000, errorUnlatchDuration: 300_000, allowErrorUnlatch: true };
const CHANNELS = ["latch", "unlatch", "shard:up", "shard:down", "loss"].map((name) => `rockspool:${name}`);

/** The monitor of an open shard without a thread, and everything that reading its health must leave alone. */
function watched() {
  const memory = createStatusMemory(1);
  const status = new ShardStatus(memory, 0);
  const effects: unknown[] = [];
  const note =
    (level: LogLevel) =>
    (fields: object, message: string): void =>
      void effects.push({ level, fields, message });
  const onEvent = (message: unknown, channel: string | symbol): void => void effects.push({ channel, message });
  for (const channel of CHANNELS) subscribe(channel, onEvent);
  onTestFinished(() => {
    for (const channel of CHANNELS) unsubscribe(channel, onEvent);
  });
  const shard = {
    index: 0,
    path: PATH,
    state: "open",
    failure: null,
    loss: null,
    restarts: 0,
    status,
    gate: status.gate,
    events: new ShardEvents(0, PATH),
    prove: async (): Promise<void> => void effects.push("proof"),
    tick: async (): Promise<void> => void effects.push("tick"),
  };
  const log = { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") };
  const monitor = new ShardMonitor(shard as unknown as ShardClient, LIMITS, log, () => START_MS);
  /** The gate as the shard's thread sees it. */
  const threadsGate = new ShardGate(memory, 0);
  return { monitor, memory, effects, threadsGate };
}

const LATCH_EVENT = {
  channel: "rockspool:latch",
  message: {
    spool: "/spool",
    shard: 0,
    path: PATH,
    kind: "io",
    reason: "io: the disk is gone",
    at: new Date(LATCHED_AT_MS),
  },
};

describe("reading a shard's health", () => {
  it("of a latch that the thread has just made shows it, and changes, publishes and logs nothing", () => {
    const { monitor, memory, effects, threadsGate } = watched();
    threadsGate.latch("io: the disk is gone", LATCHED_AT_MS, "io");
    threadsGate.countForegroundError();
    const before = Buffer.from(new Uint8Array(memory));
    const [first, second] = [monitor.health(), monitor.health()];
    expect(first).toMatchObject({
      latched: true,
      reason: "io: the disk is gone",
      since: new Date(LATCHED_AT_MS),
      foregroundErrors: 1,
      history: [{ at: new Date(LATCHED_AT_MS), latched: true, reason: "io: the disk is gone" }],
    });
    expect(second).toStrictEqual(first);
    expect(effects).toEqual([]);
    expect(Buffer.from(new Uint8Array(memory)).equals(before)).toBe(true);
  });

  it("leaves the event to the next tick, which publishes it once", () => {
    const { monitor, effects, threadsGate } = watched();
    threadsGate.latch("io: the disk is gone", LATCHED_AT_MS, "io");
    const seen = monitor.health();
    monitor.tick();
    expect(effects).toStrictEqual([LATCH_EVENT]);
    monitor.tick();
    expect(monitor.health()).toStrictEqual(seen);
    expect(effects).toStrictEqual([LATCH_EVENT]);
  });

  it("of an unlatch that the monitor made shows both transitions, and adds none", async () => {
    const { monitor, effects, threadsGate } = watched();
    threadsGate.latch("io: the disk is gone", LATCHED_AT_MS, "io");
    await monitor.unlatch();
    const count = effects.length;
    for (let look = 0; look < 2; look++) {
      expect(monitor.health()).toMatchObject({ latched: false, history: [{ latched: true }, { latched: false }] });
    }
    expect(effects).toHaveLength(count);
  });

  it("of a latch whose reason is not stored yet says so, and neither it nor a tick records the latch", () => {
    const { monitor, memory, effects, threadsGate } = watched();
    // The thread is between the two stores of a latch: the gate's first word is set, the reason is not.
    Atomics.store(new Int32Array(memory), 0, 1);
    const health = monitor.health();
    expect(health).toMatchObject({ latched: true, reason: expect.stringContaining("has not said why"), history: [] });
    expect(health.since).toBeInstanceOf(Date);
    monitor.tick();
    expect([monitor.health().history, effects]).toEqual([[], []]);
    threadsGate.explain("io: the disk is gone", LATCHED_AT_MS, "io");
    monitor.tick();
    expect(effects).toStrictEqual([LATCH_EVENT]);
  });
});
