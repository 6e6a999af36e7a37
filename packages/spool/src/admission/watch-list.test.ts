import fc from "fast-check";
import { expect, it } from "vitest";
import { type Watched, WatchList } from "./watch-list.ts";

class Member implements Watched {
  watchBlock: object | null = null;
  watchIndex = 0;
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

/** The members that are visited. */
function visited(list: WatchList<Member>, untilMs: number): Set<Member> {
  const seen = new Set<Member>();
  list.visitDue(untilMs, (member) => seen.add(member));
  return seen;
}

it("visits no member of a block before its first deadline, and then the whole block", () => {
  const { list, members } = listOf(300, 100, 200);
  expect(visited(list, 99)).toEqual(new Set());
  expect(visited(list, 100)).toEqual(new Set(members));
  expect(visited(list, Number.POSITIVE_INFINITY)).toEqual(new Set(members));
});

it("visits a block only if one of its own members is due", () => {
  const { list, members } = listOf(...Array.from({ length: 256 }, () => 100), 50);
  expect(visited(list, 50)).toEqual(new Set(members.slice(-1)));
  expect(visited(list, 100).size).toBe(257);
});

it("skips a block again after the first visit without its nearest member", () => {
  const { list, members } = listOf(100, 300);
  list.remove(members[0] as Member);
  list.visitDue(100, () => {});
  expect(visited(list, 299)).toEqual(new Set());
  expect(visited(list, 300)).toEqual(new Set(members.slice(1)));
});

it("is empty when all members are removed; removing one twice removes no other", () => {
  const { list, members } = listOf(1, 2);
  const [a, b] = members as [Member, Member];
  list.remove(a);
  list.remove(a);
  expect([list.isEmpty, visited(list, 2)]).toEqual([false, new Set([b])]);
  list.remove(b);
  expect([list.isEmpty, a.watchBlock, b.watchBlock]).toEqual([true, null, null]);
});

it("visits every member that is due, whichever are added or removed meanwhile (model test)", () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 400 }), deadlineMs: fc.nat(100) }) },
    { weight: 3, arbitrary: fc.record({ remove: fc.nat() }) },
    { weight: 3, arbitrary: fc.record({ visitMs: fc.nat(100), also: fc.nat(), adds: fc.boolean() }) },
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
      const remove = (member: Member | undefined): void => {
        if (member === undefined) return;
        members.delete(member);
        list.remove(member);
      };
      for (const does of steps) {
        if ("add" in does) for (let i = 0; i < does.add; i++) add((does.deadlineMs + i) % 100);
        else if ("remove" in does) remove([...members][does.remove % Math.max(members.size, 1)]);
        else {
          const due = new Set([...members].filter(({ deadlineMs }) => deadlineMs <= does.visitMs));
          // Every due member is removed; with the first, another is removed and one is added.
          let first = true;
          list.visitDue(does.visitMs, (member) => {
            if (due.delete(member)) remove(member);
            if (!first) return;
            first = false;
            const other = [...members][does.also % Math.max(members.size, 1)];
            if (other !== undefined) due.delete(other);
            remove(other);
            if (does.adds) add(does.visitMs + 1);
          });
          expect(due).toEqual(new Set());
        }
        expect(visited(list, Number.POSITIVE_INFINITY)).toEqual(members);
        expect(list.isEmpty).toBe(members.size === 0);
      }
    }),
    { numRuns: 200 },
  );
});
