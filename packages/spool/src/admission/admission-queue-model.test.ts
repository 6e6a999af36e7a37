import fc from "fast-check";
import { expect, it } from "vitest";
import { plainOperation } from "../../test/operations.ts";
import { ConcurrencyLimit } from "../operations/concurrency-limit.ts";
import type { Operation } from "../operations/operation.ts";
import { Outcome } from "../operations/outcome.ts";
import type { Reservation } from "../operations/reservation.ts";
import { AdmissionQueue } from "./admission-queue.ts";

const LIMIT = 100;
/** A third is less than the smallest quota, so each shard has half. */
const QUOTA = LIMIT / 2;
const SHARDS = 3;

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      bytes: fc.integer({ min: 0, max: LIMIT }),
      limited: fc.boolean(),
      shard: fc.nat(SHARDS - 1),
    }),
  },
  { weight: 3, arbitrary: fc.record({ settle: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ cancel: fc.nat(20) }) },
);

it("never admits more than the limits allow, keeps the order, starves no operation and starts all (model test)", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: "max" }), (steps) => {
      const limit = new ConcurrencyLimit(3);
      const admitted = new Set<Operation<void>>();
      let queued: Operation<void>[] = [];
      const queue = new AdmissionQueue<Operation<void>>(LIMIT, SHARDS, (operation) => {
        const first = queued.find(({ reservation }) => reservation.shard === operation.reservation.shard);
        expect(first).toBe(operation);
        queued = queued.filter((other) => other !== operation);
        admitted.add(operation);
      });
      const of = (shard: number): Operation<void>[] =>
        [...admitted].filter(({ reservation }) => reservation.shard === shard);
      const bytes = (operations: Iterable<Operation<void>>): number =>
        [...operations].reduce((sum, { reservation }) => sum + reservation.bytes, 0);
      const limited = (): number => [...admitted].filter(({ reservation }) => reservation.limit !== null).length;
      const fitsQuota = ({ reservation }: Operation<void>): boolean => {
        const used = bytes(of(reservation.shard));
        return used === 0 || used + reservation.bytes <= QUOTA;
      };
      const check = (): void => {
        expect(bytes(admitted)).toBeLessThanOrEqual(LIMIT);
        expect(limit.used).toBe(limited());
        expect(limit.used).toBeLessThanOrEqual(limit.max);
        const heads: Operation<void>[] = [];
        for (let shard = 0; shard < SHARDS; shard++) {
          const sharing = of(shard).filter(({ reservation }) => reservation.bytes > 0);
          if (sharing.length > 1) expect(bytes(sharing)).toBeLessThanOrEqual(QUOTA);
          const [head] = queued.filter(({ reservation }) => reservation.shard === shard);
          if (head !== undefined) heads.push(head);
        }
        expect(new Set(queue.queued)).toEqual(new Set(queued));
        const [next] = heads.filter(fitsQuota).sort((a, b) => queued.indexOf(a) - queued.indexOf(b));
        if (next === undefined) return;
        const { reservation } = next;
        const fits =
          bytes(admitted) + reservation.bytes <= LIMIT && (reservation.limit === null || limited() < limit.max);
        expect(fits, "the first operation that fits its quota waits only for a limit of all shards").toBe(false);
      };
      const enter = (reservation: Reservation): void => {
        const operation = plainOperation(reservation);
        queued.push(operation);
        queue.enter(operation);
      };
      const resolve = (operation: Operation<void> | undefined): void => {
        if (operation === undefined) return;
        admitted.delete(operation);
        operation.resolve(undefined, Outcome.Found);
      };
      for (const does of steps) {
        if ("bytes" in does) enter({ shard: does.shard, bytes: does.bytes, limit: does.limited ? limit : null });
        else if ("settle" in does) resolve([...admitted][does.settle % Math.max(admitted.size, 1)]);
        else {
          const cancelled = queued[does.cancel % Math.max(queued.length, 1)];
          queued = queued.filter((operation) => operation !== cancelled);
          cancelled?.cancel(() => "cancelled");
        }
        check();
      }
      for (let [first] = admitted; first !== undefined; [first] = admitted) resolve(first);
      expect([queued, admitted.size, limit.used]).toEqual([[], 0, 0]);
    }),
    { numRuns: 300, seed: 21 },
  );
});
