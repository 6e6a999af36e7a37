import { copyFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "@rockspool/core";
import { expect, it } from "vitest";
import { filesOf, flipByte } from "../../../test/damage.ts";
import { engineOptions } from "../../../test/engine-options.ts";
import { temporaryDirectory } from "../../../test/temporary-directory.ts";
import { reading } from "../../../test/written-shard.ts";
import { openEngine } from "../../rocksdb/rocksdb-engine.ts";

/** A table of these values. A large value fills a block of its own. */
async function tableOf(values: readonly Buffer[]): Promise<string> {
  const path = join(temporaryDirectory(), "shard");
  const engine = await openEngine(path, engineOptions("create"));
  await engine.write((batch) => {
    for (const [index, value] of values.entries()) batch.put(Buffer.alloc(16, index + 1), value);
  });
  await engine.flush();
  await engine.close();
  const directory = temporaryDirectory();
  const table = join(directory, "000001.sst");
  copyFileSync(must(filesOf(path, ".sst")[0], "the table"), table);
  return table;
}

/** The length and first byte of each value. */
async function valuesIn(table: string): Promise<string[]> {
  const { entries } = await reading(join(table, ".."));
  return entries.map(({ value }) => name(must(value, "the value")));
}

function name(value: Uint8Array): string {
  return `${value.byteLength} of ${value[0]}`;
}

const FOOTER_BYTES = 53;
const LARGE = [1, 2, 3, 4].map((fill) => Buffer.alloc(10_000, fill));

it("reads all of a table whose footer is damaged", async () => {
  const table = await tableOf(LARGE);
  flipByte(table, readFileSync(table).byteLength - FOOTER_BYTES + 9);
  expect(await valuesIn(table)).toEqual(LARGE.map(name));
});

it("accepts a single data block only if properties and metaindex share its checksum context", async () => {
  const table = await tableOf([Buffer.from("a"), Buffer.from("b")]);
  const size = readFileSync(table).byteLength;
  truncateSync(table, size - FOOTER_BYTES);
  expect(await valuesIn(table)).toEqual(["1 of 97", "1 of 98"]);
  truncateSync(table, 100);
  const { entries, damages } = await reading(join(table, ".."));
  expect(entries).toEqual([]);
  expect(damages).toContainEqual(expect.objectContaining({ offset: 0, length: 100 }));
});

it("does not accept the blocks of another table inside a damaged value", async () => {
  const inner = readFileSync(await tableOf(LARGE));
  const table = await tableOf([Buffer.alloc(10_000, 9), inner, Buffer.alloc(10_000, 8)]);
  // In the entry's header, so that the scan goes through the value.
  flipByte(table, readFileSync(table).indexOf(inner) - 1);
  expect(await valuesIn(table)).toEqual(["10000 of 9", "10000 of 8"]);
  flipByte(table, readFileSync(table).byteLength - 1);
  expect(await valuesIn(table)).toEqual(["10000 of 9", "10000 of 8"]);
});

it("damaged lengths do not cause large reads", async () => {
  const table = await tableOf(LARGE);
  const whole = readFileSync(table);
  const huge = Buffer.from("00188080808008", "hex");
  writeFileSync(table, Buffer.concat([huge, whole.subarray(huge.byteLength, whole.byteLength - FOOTER_BYTES)]));
  expect(await valuesIn(table)).toEqual(LARGE.slice(1).map(name));
});
