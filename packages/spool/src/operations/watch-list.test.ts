import fc from "fast-check";
import { expect, it } from "vitest";
import { type Block, type Watched, WatchList } from "./watch-list.ts";

class Member implements Watched {
  block: Block | null = null;
  at = 0;
  readonly deadlineMs: number;

  constructor(deadlineMs: number) {
    this.deadlineMs = deadlineMs;
  }
}

function listOf(...deadlines: number[]) {
  const list = new WatchList<Member>();
  const members = deadlines.map((deadlineMs) => new Member(deadlineMs));
  for (const member of members) list.add(member);
  return { list, members };
}

function looked(list: WatchList<Member>, nowMs: number, all = false): Set<Member> {
  const seen = new Set<Member>();
  list.look(nowMs, all, (member) => seen.add(member));
  return seen;
}

it("looks at nobody before the first of a block is due, and then at the whole block", () => {
  const { list, members } = listOf(300, 100, 200);
  expect(looked(list, 99)).toEqual(new Set());
  expect(looked(list, 100)).toEqual(new Set(members));
  expect(looked(list, 99, true)).toEqual(new Set(members));
});

it("looks at a block of others only when one of its own is due", () => {
  const { list, members } = listOf(...Array.from({ length: 256 }, () => 100), 50);
  expect(looked(list, 50)).toEqual(new Set(members.slice(-1)));
  expect(looked(list, 100).size).toBe(257);
});

it("looks no more at a block whose nearest has left", () => {
  const { list, members } = listOf(100, 300);
  list.leave(members[0] as Member);
  list.look(100, false, () => {});
  expect(looked(list, 299)).toEqual(new Set());
  expect(looked(list, 300)).toEqual(new Set(members.slice(1)));
});

it("is empty when all have left, and one that leaves twice takes nobody with it", () => {
  const { list, members } = listOf(1, 2);
  const [a, b] = members as [Member, Member];
  list.leave(a);
  list.leave(a);
  expect([list.isEmpty, looked(list, 2)]).toEqual([false, new Set([b])]);
  list.leave(b);
  expect([list.isEmpty, a.block, b.block]).toEqual([true, null, null]);
});

it("passes over nobody who is due, whoever leaves or comes meanwhile (model test)", () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 400 }), deadlineMs: fc.nat(100) }) },
    { weight: 3, arbitrary: fc.record({ leave: fc.nat() }) },
    { weight: 3, arbitrary: fc.record({ look: fc.nat(100), also: fc.nat(), comes: fc.boolean() }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const list = new WatchList<Member>();
      const members = new Set<Member>();
      const add = (deadlineMs: number): void => {
        const member = new Member(deadlineMs);
        members.add(member);
        list.add(member);
      };
      const leave = (member: Member | undefined): void => {
        if (member === undefined) return;
        members.delete(member);
        list.leave(member);
      };
      for (const does of steps) {
        if ("add" in does) for (let i = 0; i < does.add; i++) add((does.deadlineMs + i) % 100);
        else if ("leave" in does) leave([...members][does.leave % Math.max(members.size, 1)]);
        else {
          const due = new Set([...members].filter(({ deadlineMs }) => deadlineMs <= does.look));
          // Who is due leaves; with the first somebody else does, and somebody comes.
          let first = true;
          list.look(does.look, false, (member) => {
            if (due.delete(member)) leave(member);
            if (!first) return;
            first = false;
            const other = [...members][does.also % Math.max(members.size, 1)];
            if (other !== undefined) due.delete(other);
            leave(other);
            if (does.comes) add(does.look + 1);
          });
          expect(due).toEqual(new Set());
        }
        expect(looked(list, 0, true)).toEqual(members);
        expect(list.isEmpty).toBe(members.size === 0);
      }
    }),
    { numRuns: 200 },
  );
});
