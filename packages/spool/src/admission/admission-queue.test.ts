import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Operation } from "../operations/operation.ts";
import { OperationMeter } from "../operations/operation-meter.ts";
import { Outcome } from "../operations/outcome.ts";
import { Counter } from "../operations/reservation.ts";
import { Line } from "./admission-queue.ts";

const LIMIT = 100;
/** Three shares or two: a share is small here, so none is less than half. */
const SHARE_BYTES = LIMIT / 2;

/** A line, those who are through it, and those who have been let through in their order. */
class Queue {
  readonly line: Line;
  readonly started: string[] = [];

  constructor(shares = 1) {
    this.line = new Line(LIMIT, shares);
  }

  enter(name: string, bytes: number, counter: Counter | null = null, signal?: AbortSignal, share = 0): Operation<void> {
    const operation = new Operation<void>(new OperationMeter(), { share, bytes, counter }, signal, () => {});
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
    a.resolve(undefined, Outcome.Found);
    expect(queue.started).toEqual(["a", "b", "c", "d"]);
    expect(queue.line.operations).toEqual([]);
  });

  it("lets the largest through alone, and nothing beside it", () => {
    const queue = new Queue();
    const a = queue.enter("a", 1);
    const big = queue.enter("big", LIMIT);
    queue.enter("b", 1);
    expect(queue.started).toEqual(["a"]);
    a.resolve(undefined, Outcome.Found);
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
    first.resolve(undefined, Outcome.Found);
    expect([queue.started, stores.used]).toEqual([["a", "b", "c", "d"], 2]);
  });

  it("keeps the bytes of one that is given up for as long as its message is held, but not its place in its class", () => {
    const queue = new Queue();
    const stores = new Counter(1);
    const first = queue.enter("first", LIMIT, stores);
    first.place = { sent: true, withdraw: () => true };
    queue.enter("second", 1, stores);
    first.giveUp(() => "too late");
    expect([queue.started, stores.used]).toEqual([["first"], 0]);
    first.letGo();
    expect([queue.started, stores.used]).toEqual([["first", "second"], 1]);
    first.letGo();
    queue.enter("third", LIMIT);
    expect(queue.started, "what was held is given back once").toEqual(["first", "second"]);
  });

  it("takes nothing for an operation that fails while it is being started", () => {
    const line = new Line(LIMIT, 1);
    const counter = new Counter(1);
    for (let i = 0; i < 3; i++) {
      const operation = new Operation<void>(
        new OperationMeter(),
        { share: 0, bytes: LIMIT, counter },
        undefined,
        () => {},
      );
      operation.promise.catch(() => {});
      line.enter(operation, () => operation.reject("refused"));
      expect([operation.settled, counter.used]).toEqual([true, 0]);
    }
  });
});

describe("the line's shares", () => {
  const on = (queue: Queue, share: number, name: string, bytes: number, counter: Counter | null = null) =>
    queue.enter(name, bytes, counter, undefined, share);

  it("are each shard's own: one that is full holds up nobody who takes another", () => {
    const queue = new Queue(2);
    on(queue, 0, "a", LIMIT / 2);
    const waiting = on(queue, 0, "a waits", 1);
    const b = on(queue, 1, "b", LIMIT / 4);
    on(queue, 1, "c", LIMIT / 4);
    expect(queue.started).toEqual(["a", "b", "c"]);
    b.resolve(undefined, Outcome.Found);
    expect(queue.line.operations).toEqual([waiting]);
  });

  it("let one larger than a share go alone in it, and nobody pass it who came later", () => {
    const queue = new Queue(2);
    const a = on(queue, 0, "a", 1);
    const big = on(queue, 0, "big", LIMIT - 10);
    on(queue, 0, "behind", 1);
    expect(queue.started).toEqual(["a"]);
    const b = on(queue, 1, "b", 20);
    a.resolve(undefined, Outcome.Found);
    expect(queue.started, "big fits its share, but not what all have").toEqual(["a", "b"]);
    const c = on(queue, 1, "c", 20);
    expect(queue.started, "c would fit, and came after big").toEqual(["a", "b"]);
    b.resolve(undefined, Outcome.Found);
    expect(queue.started).toEqual(["a", "b", "big"]);
    big.resolve(undefined, Outcome.Found);
    expect(queue.started).toEqual(["a", "b", "big", "behind", "c"]);
    c.resolve(undefined, Outcome.Found);
  });

  it("are one counter's all the same", () => {
    const queue = new Queue(2);
    const stores = new Counter(1);
    const a = on(queue, 0, "a", 1, stores);
    on(queue, 1, "b", 1, stores);
    on(queue, 0, "c", 1, stores);
    a.resolve(undefined, Outcome.Found);
    expect(queue.started).toEqual(["a", "b"]);
  });
});

it("lets any number through who all fail at once, without a stack of as many", () => {
  const line = new Line(1, 1);
  const started: Operation<void>[] = [];
  const operation = (): Operation<void> => {
    const made = new Operation<void>(new OperationMeter(), { share: 0, bytes: 1, counter: null }, undefined, () => {});
    made.promise.catch(() => {});
    return made;
  };
  const first = operation();
  line.enter(first, () => {});
  for (let i = 0; i < 50_000; i++) {
    const next = operation();
    line.enter(next, () => {
      started.push(next);
      next.reject("refused");
    });
  }
  first.resolve(undefined, Outcome.Found);
  expect(started).toHaveLength(50_000);
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
    a.resolve(undefined, Outcome.Found);
    c.resolve(undefined, Outcome.Found);
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
    a.resolve(undefined, Outcome.Found);
    expect(queue.started).toEqual(["a", "b", "d"]);
  });
});

const SHARES = 3;

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      bytes: fc.integer({ min: 0, max: LIMIT }),
      counted: fc.boolean(),
      share: fc.nat(SHARES - 1),
    }),
  },
  { weight: 3, arbitrary: fc.record({ settle: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ cancel: fc.nat(20) }) },
);

it("never lets more through than may be, keeps the order, starves nobody and serves all (model test)", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: "max" }), (steps) => {
      const counter = new Counter(3);
      const line = new Line(LIMIT, SHARES);
      const through = new Set<Operation<void>>();
      let waiting: Operation<void>[] = [];
      const of = (share: number): Operation<void>[] => [...through].filter(({ claim }) => claim.share === share);
      const bytes = (operations: Iterable<Operation<void>>): number =>
        [...operations].reduce((sum, { claim }) => sum + claim.bytes, 0);
      const counted = (): number => [...through].filter(({ claim }) => claim.counter !== null).length;
      const fitsShare = ({ claim }: Operation<void>): boolean => {
        const taken = bytes(of(claim.share));
        return taken === 0 || taken + claim.bytes <= SHARE_BYTES;
      };
      const check = (): void => {
        expect(bytes(through)).toBeLessThanOrEqual(LIMIT);
        expect(counter.used).toBe(counted());
        expect(counter.used).toBeLessThanOrEqual(counter.limit);
        const heads: Operation<void>[] = [];
        for (let share = 0; share < SHARES; share++) {
          const holders = of(share).filter(({ claim }) => claim.bytes > 0);
          if (holders.length > 1) expect(bytes(holders)).toBeLessThanOrEqual(SHARE_BYTES);
          const [head] = waiting.filter(({ claim }) => claim.share === share);
          if (head !== undefined) heads.push(head);
        }
        expect(new Set(line.operations)).toEqual(new Set(waiting));
        const [next] = heads.filter(fitsShare).sort((a, b) => waiting.indexOf(a) - waiting.indexOf(b));
        if (next === undefined) return;
        const hasRoom =
          bytes(through) + next.claim.bytes <= LIMIT && (next.claim.counter === null || counted() < counter.limit);
        expect(hasRoom, "the first whose share has room waits only for want of what all have").toBe(false);
      };
      const enter = (claim: Operation<void>["claim"]): void => {
        const operation = new Operation<void>(new OperationMeter(), claim, undefined, (settled) => {
          through.delete(settled as Operation<void>);
        });
        operation.promise.catch(() => {});
        waiting.push(operation);
        line.enter(operation, () => {
          expect(waiting.find((other) => other.claim.share === claim.share)).toBe(operation);
          waiting = waiting.filter((other) => other !== operation);
          through.add(operation);
        });
      };
      for (const does of steps) {
        if ("bytes" in does) enter({ share: does.share, bytes: does.bytes, counter: does.counted ? counter : null });
        else if ("settle" in does)
          [...through][does.settle % Math.max(through.size, 1)]?.resolve(undefined, Outcome.Found);
        else {
          const gone = waiting[does.cancel % Math.max(waiting.length, 1)];
          waiting = waiting.filter((operation) => operation !== gone);
          gone?.giveUp(() => "cancelled");
        }
        check();
      }
      for (let [first] = through; first !== undefined; [first] = through) first.resolve(undefined, Outcome.Found);
      expect([waiting, through.size, counter.used]).toEqual([[], 0, 0]);
    }),
    { numRuns: 300, seed: 21 },
  );
});
