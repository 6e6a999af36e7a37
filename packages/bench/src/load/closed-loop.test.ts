import { describe, expect, it } from "vitest";
import { closedLoop } from "./closed-loop.ts";

/** Operations that the test ends. */
class Manual {
  readonly pending = new Map<number, { resolve: () => void; reject: (reason: unknown) => void }>();
  most = 0;

  operation = (index: number): Promise<void> =>
    new Promise((resolve, reject) => {
      this.pending.set(index, { resolve, reject });
      this.most = Math.max(this.most, this.pending.size);
    });

  async end(index: number, reason?: unknown): Promise<void> {
    const one = this.pending.get(index);
    this.pending.delete(index);
    if (reason === undefined) one?.resolve();
    else one?.reject(reason);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("closedLoop", () => {
  it.each([1, 7, 64])("keeps exactly %i in flight, and all of them end", async (inFlight) => {
    const total = 500;
    const manual = new Manual();
    let done = 0;
    const loop = closedLoop({ inFlight, count: total, operation: manual.operation, onDone: () => done++ });
    let begun = manual.pending.size;
    expect(begun).toBe(inFlight);
    while (manual.pending.size > 0) {
      const keys = [...manual.pending.keys()];
      // Not in order: the operation that began last ends first.
      await manual.end(keys.at(-1) as number);
      begun = done + manual.pending.size;
      expect(manual.pending.size).toBe(Math.min(inFlight, total - done));
    }
    expect(await loop).toBe(total);
    expect({ begun, done, most: manual.most }).toEqual({ begun: total, done: total, most: inFlight });
  });

  it("gives each operation its own index", async () => {
    const seen: number[] = [];
    const operation = async (index: number): Promise<void> => void seen.push(index);
    await closedLoop({ inFlight: 3, count: 10, operation, onDone: () => {} });
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("begins none after its time, waits for those in flight, and reports when each began and ended", async () => {
    let now = 0;
    const manual = new Manual();
    const times: [number, number][] = [];
    const onDone = (begun: number, ended: number): void => void times.push([begun, ended]);
    const loop = closedLoop({ inFlight: 2, untilMs: 10, operation: manual.operation, onDone, now: () => now });
    now = 4;
    await manual.end(0);
    now = 12;
    await manual.end(1);
    expect(manual.pending.size).toBe(1);
    now = 15;
    await manual.end(2);
    expect(await loop).toBe(3);
    expect(times).toEqual([
      [0, 4],
      [0, 12],
      [4, 15],
    ]);
  });

  it("stops at the first failure, and rejects with it when the others have ended", async () => {
    const manual = new Manual();
    const loop = closedLoop({ inFlight: 3, operation: manual.operation, onDone: () => {} });
    let settled = false;
    const rejected = loop.catch((reason) => {
      settled = true;
      return reason;
    });
    await manual.end(1, "first");
    await manual.end(0, "second");
    expect({ settled, pending: manual.pending.size }).toEqual({ settled: false, pending: 1 });
    await manual.end(2);
    expect(await rejected).toBe("first");
    expect(manual.pending.size).toBe(0);
  });

  it("counts an operation that throws synchronously as failed", async () => {
    const operation = (): Promise<void> => {
      throw new Error("no");
    };
    await expect(closedLoop({ inFlight: 2, operation, onDone: () => {} })).rejects.toThrow("no");
  });

  it("ends at once if there is nothing to do", async () => {
    const operation = (): Promise<void> => Promise.reject(new Error("was called"));
    expect(await closedLoop({ inFlight: 4, count: 0, operation, onDone: () => {} })).toBe(0);
  });
});
