import fc from "fast-check";
import { expect, it } from "vitest";
import { LinkedQueue, type Member } from "./linked-queue.ts";

it("keeps the order of its members, whichever are removed (model test)", () => {
  const step = fc.oneof(fc.constant("push" as const), fc.nat(30));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const queue = new LinkedQueue<number>();
      const members: Member<number>[] = [];
      const removed = new Set<number>();
      for (const does of steps) {
        if (does === "push") members.push(queue.push(members.length));
        else if (does < members.length) {
          expect(queue.remove(members[does] as Member<number>), "removed once").toBe(!removed.has(does));
          removed.add(does);
        }
        const left = members.map(({ value }) => value).filter((value) => !removed.has(value));
        expect([...queue]).toEqual(left);
        expect(queue.first?.value).toBe(left[0]);
      }
    }),
  );
});
