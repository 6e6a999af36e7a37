import { channel, subscribe, unsubscribe } from "node:diagnostics_channel";
import { LATCH_KINDS, UNLATCH_KINDS } from "@rockspool/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { ShardEvents } from "./shard-events.ts";

const AT = new Date(1_000);
const PATH = "/var/spool/mx1/shard-007";
const SHARD = { spool: "/var/spool/mx1", shard: 7, path: PATH };

/** The messages that are published on the channel from now on. */
function published(name: string): unknown[] {
  const messages: unknown[] = [];
  const note = (message: unknown): void => {
    messages.push(message);
  };
  subscribe(name, note);
  onTestFinished(() => {
    unsubscribe(name, note);
  });
  return messages;
}

describe("a shard's events", () => {
  it.each(LATCH_KINDS)("give the time and the reason of a latch of kind %s", (kind) => {
    const messages = published("rockspool:latch");
    new ShardEvents(7, PATH).latched("the disk is gone", kind, AT);
    expect(messages).toStrictEqual([{ ...SHARD, reason: "the disk is gone", at: AT, kind }]);
  });

  it.each(UNLATCH_KINDS)("give the time and the reason of an unlatch of kind %s", (kind) => {
    const messages = published("rockspool:unlatch");
    new ShardEvents(7, PATH).unlatched("it works", kind, AT);
    expect(messages).toStrictEqual([{ ...SHARD, reason: "it works", at: AT, kind }]);
  });

  it("give the reason and the current time when a thread starts or stops to serve the shard", () => {
    const [up, down] = [published("rockspool:shard:up"), published("rockspool:shard:down")];
    const begun = Date.now();
    const events = new ShardEvents(7, PATH);
    events.up("it is open");
    events.down("it is closed");
    expect(up).toStrictEqual([{ ...SHARD, reason: "it is open", at: expect.any(Date) }]);
    expect(down).toStrictEqual([{ ...SHARD, reason: "it is closed", at: expect.any(Date) }]);
    for (const { at } of [...up, ...down] as { at: Date }[]) {
      expect(at.getTime()).toBeGreaterThanOrEqual(begun);
      expect(at.getTime()).toBeLessThanOrEqual(Date.now());
    }
  });

  it.each([[{ from: 3, to: 5 }], [null]])("give the missing batches of a loss: %j", (missing) => {
    const messages = published("rockspool:loss");
    new ShardEvents(7, PATH).lossFound("batches are missing", missing);
    expect(messages).toStrictEqual([{ ...SHARD, reason: "batches are missing", at: expect.any(Date), missing }]);
  });

  it("are not published without a subscriber, and reach no other channel", () => {
    const others = ["unlatch", "shard:up", "shard:down", "loss"].map((name) => published(`rockspool:${name}`));
    const events = new ShardEvents(7, PATH);
    events.latched("the disk is gone", "io", AT);
    expect(channel("rockspool:latch").hasSubscribers).toBe(false);
    expect(others).toStrictEqual([[], [], [], []]);
  });
});
