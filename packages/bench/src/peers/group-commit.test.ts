import { describe, expect, it } from "vitest";
import { GroupCommit } from "./group-commit.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("GroupCommit", () => {
  it("commits the items of a turn together, and then those added during the commit", async () => {
    const batches: number[][] = [];
    const ends: (() => void)[] = [];
    const group = new GroupCommit<number>((items) => {
      batches.push([...items]);
      return new Promise((resolve) => ends.push(resolve));
    });
    const first = [group.add(1), group.add(2)];
    await turn();
    const second = [group.add(3), group.add(4), group.add(5)];
    await turn();
    expect(batches).toEqual([[1, 2]]);
    ends[0]?.();
    await Promise.all(first);
    await turn();
    expect(batches).toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
    ends[1]?.();
    await Promise.all(second);
  });

  it("rejects the items of a failed commit alone, and commits the next group", async () => {
    const group = new GroupCommit<number>((items) => {
      if (items.includes(1)) throw new Error("no room");
    });
    await expect(group.add(1)).rejects.toThrow("no room");
    await expect(group.add(2)).resolves.toBeUndefined();
  });

  it("commits again after it was idle", async () => {
    const batches: number[][] = [];
    const group = new GroupCommit<number>((items) => void batches.push([...items]));
    await group.add(1);
    await turn();
    await group.add(2);
    expect(batches).toEqual([[1], [2]]);
  });
});
