import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Counter } from "./claim.ts";
import { Line } from "./line.ts";
import { Operation } from "./operation.ts";

const LIMIT = 100;

/** A line, those who are through it, and those who have been let through in their order. */
class Queue {
  readonly line = new Line(LIMIT);
  readonly started: string[] = [];

  enter(name: string, bytes: number, counter: Counter | null = null, signal?: AbortSignal): Operation<void> {
    const operation = new Operation<void>({ bytes, counter }, signal, (settled) => this.line.leave(settled));
    operation.promise.catch(() => {});
    this.line.enter(operation, () => this.started.push(name));
    return operation;
  }
}

describe("the line", () => {
  it("lets through at once what finds room, to the last byte", () => {
    const queue = new Queue();
    queue.enter("a", 60);
    queue.enter("b", 40);
    expect(queue.started).toEqual(["a", "b"]);
    queue.enter("c", 1);
    expect(queue.started).toEqual(["a", "b"]);
  });

  it("is first come first served: a small one does not pass a large one that waits for room", () => {
    const queue = new Queue();
    const a = queue.enter("a", 60);
    const b = queue.enter("b", 60);
    const c = queue.enter("c", 10);
    queue.enter("d", 30);
    expect(queue.started).toEqual(["a"]);
    expect(queue.line.operations).toEqual([b, c, expect.anything()]);
    a.resolve();
    expect(queue.started).toEqual(["a", "b", "c", "d"]);
    expect(queue.line.operations).toEqual([]);
  });

  it("lets the largest through alone, and nothing beside it", () => {
    const queue = new Queue();
    const a = queue.enter("a", 1);
    const big = queue.enter("big", LIMIT);
    queue.enter("b", 1);
    expect(queue.started).toEqual(["a"]);
    a.resolve();
    expect(queue.started).toEqual(["a", "big"]);
    big.reject("failed");
    expect(queue.started).toEqual(["a", "big", "b"]);
  });

  it("holds those whose counter is full, and those behind them, whatever room there is", () => {
    const queue = new Queue();
    const stores = new Counter(2);
    const first = queue.enter("a", 1, stores);
    queue.enter("b", 1, stores);
    queue.enter("c", 1, stores);
    queue.enter("d", 1);
    expect([queue.started, stores.used]).toEqual([["a", "b"], 2]);
    first.resolve();
    expect([queue.started, stores.used]).toEqual([["a", "b", "c", "d"], 2]);
  });

  it("takes nothing for an operation that fails while it is being started", () => {
    const line = new Line(LIMIT);
    const counter = new Counter(1);
    for (let i = 0; i < 3; i++) {
      const operation = new Operation<void>({ bytes: LIMIT, counter }, undefined, (settled) => line.leave(settled));
      operation.promise.catch(() => {});
      line.enter(operation, () => operation.reject("refused"));
      expect([operation.settled, counter.used]).toEqual([true, 0]);
    }
  });
});

describe("one who is withdrawn from the line", () => {
  it("leaves no trace, and lets those behind pass", () => {
    const queue = new Queue();
    const stores = new Counter(1);
    const a = queue.enter("a", 50, stores);
    const b = queue.enter("b", 60);
    const c = queue.enter("c", 50);
    queue.enter("d", 1);
    b.giveUp((canHappen) => expect(canHappen).toBe(false));
    expect(queue.started).toEqual(["a", "c"]);
    a.resolve();
    c.resolve();
    expect(queue.started).toEqual(["a", "c", "d"]);
    expect(stores.used).toBe(0);
    queue.enter("all but one byte", LIMIT - 1);
    expect(queue.started.at(-1), "b's bytes were not taken, nor given back").toBe("all but one byte");
    queue.enter("no more", 1);
    expect(queue.started.at(-1)).toBe("all but one byte");
  });

  it("by its signal leaves in the same way", () => {
    const queue = new Queue();
    const abort = new AbortController();
    queue.enter("a", 50);
    queue.enter("b", 60, null, abort.signal);
    queue.enter("c", 50);
    abort.abort();
    expect(queue.started).toEqual(["a", "c"]);
    expect(queue.line.operations).toEqual([]);
  });

  it("in the middle leaves those before it where they are", () => {
    const queue = new Queue();
    const a = queue.enter("a", 50);
    queue.enter("b", 60);
    const c = queue.enter("c", 40);
    queue.enter("d", 40);
    c.giveUp(() => "gone");
    expect(queue.started).toEqual(["a"]);
    a.resolve();
    expect(queue.started).toEqual(["a", "b", "d"]);
  });
});

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ bytes: fc.integer({ min: 0, max: LIMIT }), counted: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ settle: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ cancel: fc.nat(20) }) },
);

it("never lets more through than may be, keeps the order, starves nobody and serves all (model test)", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: "max" }), (steps) => {
      const counter = new Counter(3);
      const line = new Line(LIMIT);
      const through = new Set<Operation<void>>();
      let waiting: Operation<void>[] = [];
      const bytes = (): number => [...through].reduce((sum, { claim }) => sum + claim.bytes, 0);
      const counted = (): number => [...through].filter(({ claim }) => claim.counter !== null).length;
      const check = (): void => {
        expect(bytes()).toBeLessThanOrEqual(LIMIT);
        expect(counter.used).toBe(counted());
        expect(counter.used).toBeLessThanOrEqual(counter.limit);
        expect(line.operations).toEqual(waiting);
        const [next] = waiting;
        if (next === undefined) return;
        const hasRoom =
          bytes() + next.claim.bytes <= LIMIT && (next.claim.counter === null || counted() < counter.limit);
        expect(hasRoom, "the first in line waits only for want of room").toBe(false);
      };
      const enter = (claim: Operation<void>["claim"]): void => {
        const operation = new Operation<void>(claim, undefined, (settled) => {
          through.delete(settled as Operation<void>);
          line.leave(settled);
        });
        operation.promise.catch(() => {});
        waiting.push(operation);
        line.enter(operation, () => {
          expect(waiting.shift()).toBe(operation);
          through.add(operation);
        });
      };
      for (const does of steps) {
        if ("bytes" in does) enter({ bytes: does.bytes, counter: does.counted ? counter : null });
        else if ("settle" in does) [...through][does.settle % Math.max(through.size, 1)]?.resolve();
        else {
          const gone = waiting[does.cancel % Math.max(waiting.length, 1)];
          waiting = waiting.filter((operation) => operation !== gone);
          gone?.giveUp(() => "cancelled");
        }
        check();
      }
      for (let [first] = through; first !== undefined; [first] = through) first.resolve();
      expect([waiting, through.size, counter.used]).toEqual([[], 0, 0]);
    }),
    { numRuns: 300, seed: 21 },
  );
});
