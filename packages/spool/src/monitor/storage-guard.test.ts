import type { FreeLimit } from "@rockspool/core";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Environment, realEnvironment } from "../environment.ts";
import { StorageGuard } from "./storage-guard.ts";

const statfs = vi.fn<Environment["statfs"]>();
const OFF: FreeLimit = { amount: 0 };

/** A file system of 1,000 blocks of 4 KiB and 1,000 inodes. */
function disk(freeBlocks: number, freeInodes = 1000): void {
  statfs.mockResolvedValue({ bsize: 4096, blocks: 1000, bavail: freeBlocks, files: 1000, ffree: freeInodes });
}

afterEach(() => {
  statfs.mockClear();
});

describe("the storage guard", () => {
  it("reads the free space even with limits of 0, and is never full then", async () => {
    const guard = new StorageGuard("/spool", { percent: 0 }, OFF, statfs);
    expect([guard.freeBytes, guard.freeInodes]).toEqual([null, null]);
    disk(0, 0);
    await guard.check();
    expect([guard.full, guard.freeBytes, guard.freeInodes]).toEqual([false, 0, 0]);
    disk(7, 5);
    await guard.check();
    expect([guard.full, guard.freeBytes, guard.freeInodes]).toEqual([false, 7 * 4096, 5]);
  });

  it("reads a real file system", async () => {
    const full = new StorageGuard("/", { percent: 100 }, OFF, realEnvironment.statfs);
    await full.check();
    expect(full.full).toBe(true);
    const roomy = new StorageGuard("/", { amount: 1 }, OFF, realEnvironment.statfs);
    await roomy.check();
    expect(roomy.full).toBe(false);
  });

  it.each([
    { what: "bytes", space: { amount: 100 * 4096 }, inodes: OFF, low: [99, 1000], edge: [100, 1000] },
    { what: "percent", space: { percent: 10 }, inodes: OFF, low: [99, 1000], edge: [100, 1000] },
    { what: "inodes", space: OFF, inodes: { amount: 100 }, low: [1000, 99], edge: [1000, 100] },
    { what: "percent of inodes", space: OFF, inodes: { percent: 10 }, low: [1000, 99], edge: [1000, 100] },
  ] as const)(
    "is full below the limit, and free again at a tenth above it: $what",
    async ({ space, inodes, low, edge }) => {
      const guard = new StorageGuard("/spool", space, inodes, statfs);
      const check = async (blocks: number, free: number): Promise<boolean> => {
        disk(blocks, free);
        await guard.check();
        return guard.full;
      };
      const above = edge.map((amount) => (amount === 100 ? 109 : amount)) as [number, number];
      const well = edge.map((amount) => (amount === 100 ? 111 : amount)) as [number, number];
      expect(await check(edge[0], edge[1])).toBe(false);
      expect(await check(low[0], low[1])).toBe(true);
      expect(await check(...above)).toBe(true);
      expect(await check(...well)).toBe(false);
      expect(await check(...above)).toBe(false);
    },
  );

  it("keeps the last result if statfs fails", async () => {
    const guard = new StorageGuard("/spool", { percent: 10 }, OFF, statfs);
    disk(1);
    await guard.check();
    statfs.mockRejectedValueOnce(new Error("stale handle"));
    await expect(guard.check()).rejects.toThrow("stale handle");
    expect(guard.full).toBe(true);
  });
});
