import fc from "fast-check";
import { expect, it } from "vitest";
import { type Member, Queue } from "./linked-queue.ts";

it("keeps the order of those who came, wherever others leave (model test)", () => {
  const step = fc.oneof(fc.constant("push" as const), fc.nat(30));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const queue = new Queue<number>();
      const members: Member<number>[] = [];
      const gone = new Set<number>();
      for (const does of steps) {
        if (does === "push") members.push(queue.push(members.length));
        else if (does < members.length) {
          expect(queue.remove(members[does] as Member<number>), "once").toBe(!gone.has(does));
          gone.add(does);
        }
        const left = members.map(({ value }) => value).filter((value) => !gone.has(value));
        expect([...queue]).toEqual(left);
        expect(queue.first?.value).toBe(left[0]);
      }
    }),
  );
});
