import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryDirectory } from "../../../test/temporary-directory.ts";
import { Checksums } from "../checksum.ts";
import { RawFile } from "../raw-file.ts";
import { LogRecords } from "./log-records.ts";

const LOG_NUMBER = 7;
const checksums = await Checksums.load();

function fragment(type: number, text: string, logNumber: number | null = null): Buffer {
  const number = Buffer.alloc(logNumber === null ? 0 : 4);
  if (logNumber !== null) number.writeUInt32LE(logNumber, 0);
  const payload = Buffer.from(text);
  const header = Buffer.alloc(7);
  header.writeUInt16LE(payload.byteLength, 4);
  header[6] = type;
  const covered = Buffer.concat([header.subarray(6), number, payload]);
  header.writeUInt32LE(checksums.maskedCrc32c(covered), 0);
  return Buffer.concat([header.subarray(0, 6), covered]);
}

function block(...fragments: Buffer[]): Buffer {
  return Buffer.concat([...fragments, Buffer.alloc(32_768)]).subarray(0, 32_768);
}

function records(...parts: Buffer[]): { read: string[]; damages: [number, number, string][] } {
  const path = join(temporaryDirectory(), `00000${LOG_NUMBER}.log`);
  writeFileSync(path, Buffer.concat(parts));
  const damages: [number, number, string][] = [];
  const damaged = (...damage: [number, number, string]): number => damages.push(damage);
  const file = new RawFile(path, damaged);
  try {
    return { read: [...new LogRecords(file, checksums, damaged)].map(({ payload }) => String(payload)), damages };
  } finally {
    file.close();
  }
}

it("fragments become records, what may be ignored is", () => {
  const { read, damages } = records(
    fragment(130, "of the log before"),
    fragment(10, "sizes"),
    fragment(1, "one"),
    fragment(2, "t"),
    fragment(200, "?"),
    fragment(3, "w"),
    fragment(4, "o"),
  );
  expect(read).toEqual(["one", "two"]);
  expect(damages).toEqual([]);
});

it("a file that is used again ends where the earlier log goes on", () => {
  const { read, damages } = records(
    fragment(131, "of the log before", LOG_NUMBER),
    fragment(5, "one", LOG_NUMBER),
    fragment(6, "t", LOG_NUMBER),
    fragment(7, "w", LOG_NUMBER),
    fragment(8, "o", LOG_NUMBER),
    fragment(5, "old", LOG_NUMBER - 1),
  );
  expect(read).toEqual(["one", "two"]);
  expect(damages).toEqual([]);
});

it("a record that began is lost with what was to be its end, and the damage ends where another begins", () => {
  const first = fragment(2, "begun");
  const bad = fragment(3, "bad");
  bad[8] = 0;
  const { read, damages } = records(
    block(fragment(1, "one"), first, bad),
    fragment(3, "of the lost one"),
    fragment(4, "as well"),
    fragment(1, "two"),
  );
  expect(read).toEqual(["one", "two"]);
  const from = fragment(1, "one").byteLength;
  const to = 32_768 + fragment(3, "of the lost one").byteLength + fragment(4, "as well").byteLength;
  expect(damages).toEqual([[from, to - from, "a record's checksum does not match"]]);
});

it.each([
  ["within a header", 5],
  ["within a payload", 9],
])("a log that ends %s tells so", (_, bytes) => {
  const { read, damages } = records(fragment(1, "one"), fragment(1, "two").subarray(0, bytes));
  expect(read).toEqual(["one"]);
  expect(damages).toEqual([[10, bytes, expect.stringContaining("")]]);
});

it("a record without an end, one without a beginning, and a type that nobody knows are told", () => {
  const { read, damages } = records(
    fragment(4, "o"),
    fragment(1, "one"),
    fragment(2, "t"),
    fragment(1, "two"),
    fragment(9, ""),
  );
  expect(read).toEqual(["one", "two"]);
  expect(damages).toEqual([
    [0, 8, "a record has no beginning"],
    [18, 8, "a record has no end"],
    [36, 7, "a record is of type 9"],
  ]);
});
