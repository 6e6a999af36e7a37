import { mkdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { filesOf, flipByte } from "../../../test/damage.ts";
import { engineOptions } from "../../../test/engine-options.ts";
import { temporaryDirectory } from "../../../test/temporary-directory.ts";
import { openEngine } from "../../rocksdb/rocksdb-engine.ts";
import { firstDamage } from "./first-damage.ts";

it("a file that cannot be read is not damaged", async () => {
  const path = join(temporaryDirectory(), "MANIFEST-000005");
  // Reading it fails with EISDIR, as it does with EIO on a disk that fails.
  mkdirSync(path);
  await expect(firstDamage(path)).rejects.toThrow("cannot be read: EISDIR");
});

it("a file that is not there is not damaged", async () => {
  await expect(firstDamage("/nowhere/MANIFEST-000005")).rejects.toMatchObject({ code: "ENOENT" });
});

it("an empty file is whole", async () => {
  const path = join(temporaryDirectory(), "MANIFEST-000005");
  writeFileSync(path, "");
  expect(await firstDamage(path)).toBeNull();
});

/** A log with records of its own size, as whole as RocksDB leaves it. */
async function log(values: number[]): Promise<{ path: string; size: number }> {
  const directory = join(temporaryDirectory(), "shard");
  const engine = await openEngine(directory, engineOptions("create"));
  for (const [index, bytes] of values.entries())
    await engine.write((batch) => batch.put(Buffer.alloc(16, index), Buffer.alloc(bytes, index)));
  await engine.sync();
  await engine.close();
  const path = filesOf(directory, ".log").at(-1) as string;
  return { path, size: statSync(path).size };
}

const BLOCK_BYTES = 32_768;
const BLOCKS_A_RECORD = 3;

it("what is known already is not read, and a record that began in it has its beginning", async () => {
  const { path, size } = await log(Array(10).fill(BLOCKS_A_RECORD * BLOCK_BYTES));
  flipByte(path, 20);
  expect(await firstDamage(path)).toMatch(/^from byte 0 of/);
  for (let known = BLOCK_BYTES; known < size; known += BLOCK_BYTES) expect(await firstDamage(path, known)).toBeNull();
  expect(await firstDamage(path, 2 * BLOCK_BYTES - 1)).toBeNull();
  flipByte(path, size - 5);
  expect(await firstDamage(path, size - 6)).toMatch(/a record's checksum does not match$/);
  expect(await firstDamage(path, size)).toBeNull();
});

it("a record that began in what is known and does not end is told of", async () => {
  const { path } = await log([10 * BLOCK_BYTES]);
  truncateSync(path, 5 * BLOCK_BYTES);
  expect(await firstDamage(path, 3 * BLOCK_BYTES)).toMatch(/a record has no end$/);
});

it("others have their turn while a long file is read", async () => {
  const { path } = await log(Array(4).fill(1024 * 1024));
  await firstDamage(path);
  let turns = 0;
  let next = setImmediate(function turn() {
    turns++;
    next = setImmediate(turn);
  });
  await firstDamage(path);
  clearImmediate(next);
  expect(turns).toBeGreaterThan(8);
});
