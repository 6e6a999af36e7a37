import { MessageChannel } from "node:worker_threads";
import { SpoolEngineError } from "@rockspool/core";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { settled } from "../../test/inbox.ts";
import { CreditReceiver, CreditSender } from "./credit-stream.ts";

const PATH = "/spool/shard-000";

interface Item {
  readonly number: number;
}

function openStream() {
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port1.close());
  const onChange = vi.fn<() => void>();
  const sender = new CreditSender<Item, string>(port2, PATH);
  const receiver = new CreditReceiver<Item, string>(port1, onChange);
  return { sender, receiver, onChange };
}

describe("the sender", () => {
  it("gets the credits in order, and waits without one", async () => {
    const { sender, receiver } = openStream();
    let taken: string | null = "";
    const waiting = sender.takeCredit().then((credit) => {
      taken = credit;
    });
    await settled();
    expect(taken).toBe("");
    receiver.credit("a");
    receiver.credit("b");
    await waiting;
    expect([taken, await sender.takeCredit()]).toEqual(["a", "b"]);
  });

  it.each([
    ["while it waits for a credit", 0],
    ["while it has credits left", 3],
  ])("gets null once the receiver has closed its port: %s", async (_, credits) => {
    const { sender, receiver } = openStream();
    for (let i = 0; i < credits; i++) receiver.credit("unused");
    await settled();
    expect(sender.closed).toBe(false);
    const waiting = credits === 0 ? sender.takeCredit() : null;
    receiver.close();
    await vi.waitUntil(() => sender.closed);
    expect([await waiting, await sender.takeCredit()]).toEqual([null, null]);
    sender.end(null);
  });
});

describe("the receiver", () => {
  it("gets the items in order, then null for the end, which needs no credit", async () => {
    const { sender, receiver } = openStream();
    const first = receiver.take();
    for (const number of [1, 2, 3]) sender.send({ number }, []);
    sender.end(null);
    expect(await first).toEqual({ number: 1 });
    expect([await receiver.take(), await receiver.take(), await receiver.take()]).toEqual([
      { number: 2 },
      { number: 3 },
      null,
    ]);
    expect(receiver.failure).toBeNull();
  });

  it("polls without waiting, and is called back for each item and for the end", async () => {
    const { sender, receiver, onChange } = openStream();
    expect([receiver.poll(), receiver.size, receiver.ended]).toEqual([null, 0, false]);
    sender.send({ number: 1 }, []);
    sender.end(null);
    await vi.waitUntil(() => receiver.ended);
    expect(onChange).toHaveBeenCalledTimes(2);
    expect([receiver.size, receiver.poll(), receiver.poll()]).toEqual([1, { number: 1 }, null]);
  });

  it("rejects with the sender's error, after the items before it", async () => {
    const { sender, receiver } = openStream();
    sender.send({ number: 1 }, []);
    sender.end(new SpoolEngineError("block checksum mismatch", { kind: "corruption", path: PATH }));
    expect(await receiver.take()).toEqual({ number: 1 });
    await expect(receiver.take()).rejects.toMatchObject({ code: "SPOOL_ENGINE", kind: "corruption", path: PATH });
    expect(receiver.failure).toBeInstanceOf(SpoolEngineError);
  });

  it("rejects with the error of a sender that died, after the items before it", async () => {
    const { sender, receiver } = openStream();
    sender.send({ number: 1 }, []);
    await vi.waitUntil(() => receiver.size > 0);
    const died = new Error("the thread died");
    receiver.fail(died);
    expect(await receiver.take()).toEqual({ number: 1 });
    await expect(receiver.take()).rejects.toBe(died);
  });

  it("keeps the end that arrived before the sender died", async () => {
    const { sender, receiver, onChange } = openStream();
    sender.end(null);
    await vi.waitUntil(() => receiver.ended);
    receiver.fail(new Error("the thread died"));
    expect([await receiver.take(), receiver.failure]).toEqual([null, null]);
    expect(onChange).toHaveBeenCalledTimes(1);
  });
});
