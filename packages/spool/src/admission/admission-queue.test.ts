import { describe, expect, it } from "vitest";
import { plainOperation } from "../../test/operations.ts";
import { ConcurrencyLimit } from "../operations/concurrency-limit.ts";
import type { Operation } from "../operations/operation.ts";
import { Outcome } from "../operations/outcome.ts";
import { AdmissionQueue } from "./admission-queue.ts";

const LIMIT = 100;
/** With two shards. */
const QUOTA = LIMIT / 2;

interface Entering {
  readonly limit?: ConcurrencyLimit;
  readonly signal?: AbortSignal;
  readonly shard?: number;
}

/** A queue, and the names of the operations that it has started, in order. */
class Harness {
  readonly started: string[] = [];
  readonly queue: AdmissionQueue<Operation<void>>;
  readonly #names = new Map<Operation<void>, string>();

  constructor(shards = 1) {
    this.queue = new AdmissionQueue(LIMIT, shards, (operation) => {
      this.started.push(this.#names.get(operation) as string);
    });
  }

  enter(name: string, bytes: number, { limit, signal, shard = 0 }: Entering = {}): Operation<void> {
    const operation = plainOperation({ shard, bytes, limit: limit ?? null }, signal);
    this.#names.set(operation, name);
    this.queue.enter(operation);
    return operation;
  }
}

describe("the admission queue", () => {
  it("starts at once what fits, to the last byte", () => {
    const harness = new Harness();
    harness.enter("a", 60);
    harness.enter("b", 40);
    expect(harness.started).toEqual(["a", "b"]);
    harness.enter("c", 1);
    expect(harness.started).toEqual(["a", "b"]);
  });

  it("keeps the order: a small operation does not pass a large one that waits for bytes", () => {
    const harness = new Harness();
    const a = harness.enter("a", 60);
    const b = harness.enter("b", 60);
    const c = harness.enter("c", 10);
    harness.enter("d", 30);
    expect(harness.started).toEqual(["a"]);
    expect(harness.queue.queued).toEqual([b, c, expect.anything()]);
    a.resolve(undefined, Outcome.Found);
    expect(harness.started).toEqual(["a", "b", "c", "d"]);
    expect(harness.queue.queued).toEqual([]);
  });

  it("starts an operation of the largest size alone, and none beside it", () => {
    const harness = new Harness();
    const a = harness.enter("a", 1);
    const big = harness.enter("big", LIMIT);
    harness.enter("b", 1);
    expect(harness.started).toEqual(["a"]);
    a.resolve(undefined, Outcome.Found);
    expect(harness.started).toEqual(["a", "big"]);
    big.reject("failed");
    expect(harness.started).toEqual(["a", "big", "b"]);
  });

  it("queues an operation whose concurrency limit is reached, and all that come after it", () => {
    const harness = new Harness();
    const limit = new ConcurrencyLimit(2);
    const first = harness.enter("a", 1, { limit });
    harness.enter("b", 1, { limit });
    harness.enter("c", 1, { limit });
    harness.enter("d", 1);
    expect([harness.started, limit.used]).toEqual([["a", "b"], 2]);
    first.resolve(undefined, Outcome.Found);
    expect([harness.started, limit.used]).toEqual([["a", "b", "c", "d"], 2]);
  });

  it("returns a cancelled operation's place in its limit at once, and its held bytes on release", () => {
    const harness = new Harness();
    const limit = new ConcurrencyLimit(1);
    const first = harness.enter("first", LIMIT, { limit });
    first.holder = { sent: true, cancel: () => true };
    harness.enter("second", 1, { limit });
    first.cancel(() => "too late");
    expect([harness.started, limit.used]).toEqual([["first"], 0]);
    first.release();
    expect([harness.started, limit.used]).toEqual([["first", "second"], 1]);
    first.release();
    harness.enter("third", LIMIT);
    expect(harness.started, "the bytes are returned once").toEqual(["first", "second"]);
  });

  it("keeps nothing of an operation that is rejected while it is started", () => {
    const limit = new ConcurrencyLimit(1);
    const queue = new AdmissionQueue<Operation<void>>(LIMIT, 1, (operation) => operation.reject("refused"));
    for (let i = 0; i < 3; i++) {
      const operation = plainOperation({ shard: 0, bytes: LIMIT, limit });
      queue.enter(operation);
      expect([operation.settled, limit.used]).toEqual([true, 0]);
    }
  });

  it("starts 50,000 operations that are all rejected at once without a stack overflow", () => {
    const started: Operation<void>[] = [];
    const queue = new AdmissionQueue<Operation<void>>(1, 1, (operation) => {
      started.push(operation);
      if (started.length > 1) operation.reject("refused");
    });
    const first = plainOperation({ shard: 0, bytes: 1, limit: null });
    queue.enter(first);
    for (let i = 0; i < 50_000; i++) queue.enter(plainOperation({ shard: 0, bytes: 1, limit: null }));
    first.resolve(undefined, Outcome.Found);
    expect(started).toHaveLength(50_001);
  });
});

describe("a shard's quota", () => {
  it("that is used up blocks no other shard", () => {
    const harness = new Harness(2);
    harness.enter("a", QUOTA, { shard: 0 });
    const queued = harness.enter("a is queued", 1, { shard: 0 });
    const b = harness.enter("b", QUOTA / 2, { shard: 1 });
    harness.enter("c", QUOTA / 2, { shard: 1 });
    expect(harness.started).toEqual(["a", "b", "c"]);
    b.resolve(undefined, Outcome.Found);
    expect(harness.queue.queued).toEqual([queued]);
  });

  it("admits a larger operation if it is the shard's only one; none that came later passes it", () => {
    const harness = new Harness(2);
    const a = harness.enter("a", 1, { shard: 0 });
    const big = harness.enter("big", LIMIT - 10, { shard: 0 });
    harness.enter("behind", 1, { shard: 0 });
    expect(harness.started).toEqual(["a"]);
    const b = harness.enter("b", 20, { shard: 1 });
    a.resolve(undefined, Outcome.Found);
    expect(harness.started, "big fits its quota, but not the limit of all shards").toEqual(["a", "b"]);
    const c = harness.enter("c", 20, { shard: 1 });
    expect(harness.started, "c would fit, and came after big").toEqual(["a", "b"]);
    b.resolve(undefined, Outcome.Found);
    expect(harness.started).toEqual(["a", "b", "big"]);
    big.resolve(undefined, Outcome.Found);
    expect(harness.started).toEqual(["a", "b", "big", "behind", "c"]);
    c.resolve(undefined, Outcome.Found);
  });

  it("does not divide a concurrency limit: all shards share it", () => {
    const harness = new Harness(2);
    const limit = new ConcurrencyLimit(1);
    const a = harness.enter("a", 1, { limit, shard: 0 });
    harness.enter("b", 1, { limit, shard: 1 });
    harness.enter("c", 1, { limit, shard: 0 });
    a.resolve(undefined, Outcome.Found);
    expect(harness.started).toEqual(["a", "b"]);
  });
});

describe("an operation that is cancelled while it is queued", () => {
  it("leaves no trace, and those behind it are started", () => {
    const harness = new Harness();
    const limit = new ConcurrencyLimit(1);
    const a = harness.enter("a", 50, { limit });
    const b = harness.enter("b", 60);
    const c = harness.enter("c", 50);
    harness.enter("d", 1);
    b.cancel((sent) => expect(sent).toBe(false));
    expect(harness.started).toEqual(["a", "c"]);
    a.resolve(undefined, Outcome.Found);
    c.resolve(undefined, Outcome.Found);
    expect(harness.started).toEqual(["a", "c", "d"]);
    expect(limit.used).toBe(0);
    harness.enter("all but one byte", LIMIT - 1);
    expect(harness.started.at(-1), "b's bytes were neither reserved nor returned").toBe("all but one byte");
    harness.enter("no more", 1);
    expect(harness.started.at(-1)).toBe("all but one byte");
  });

  it("by its signal leaves in the same way", () => {
    const harness = new Harness();
    const abort = new AbortController();
    harness.enter("a", 50);
    harness.enter("b", 60, { signal: abort.signal });
    harness.enter("c", 50);
    abort.abort();
    expect(harness.started).toEqual(["a", "c"]);
    expect(harness.queue.queued).toEqual([]);
  });

  it("does not move those before it", () => {
    const harness = new Harness();
    const a = harness.enter("a", 50);
    harness.enter("b", 60);
    const c = harness.enter("c", 40);
    harness.enter("d", 40);
    c.cancel(() => "cancelled");
    expect(harness.started).toEqual(["a"]);
    a.resolve(undefined, Outcome.Found);
    expect(harness.started).toEqual(["a", "b", "d"]);
  });
});

describe("close", () => {
  async function isSettled(promise: Promise<void>): Promise<boolean> {
    return Promise.race([promise.then(() => true), new Promise<false>((resolve) => setImmediate(resolve, false))]);
  }

  it("resolves at once if no operation is pending", async () => {
    const { queue } = new Harness();
    expect(queue.closed).toBe(false);
    const closing = queue.close();
    expect(queue.closed).toBe(true);
    await closing;
  });

  it("resolves when the last operation has settled, admitted or queued", async () => {
    const harness = new Harness();
    const a = harness.enter("a", LIMIT);
    const b = harness.enter("b", LIMIT);
    const c = harness.enter("c", LIMIT);
    const closing = harness.queue.close();
    c.cancel(() => "cancelled");
    a.resolve(undefined, Outcome.Found);
    expect(harness.started, "queued operations are still admitted").toEqual(["a", "b"]);
    expect(await isSettled(closing)).toBe(false);
    b.reject("failed");
    expect(await isSettled(closing)).toBe(true);
  });

  it("does not wait for the bytes of a cancelled operation to be released", async () => {
    const harness = new Harness();
    const operation = harness.enter("a", LIMIT);
    operation.holder = { sent: true, cancel: () => true };
    const closing = harness.queue.close();
    operation.cancel(() => "too late");
    expect(await isSettled(closing)).toBe(true);
  });
});
