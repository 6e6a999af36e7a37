import { expect, it } from "vitest";
import {
  isNewerManifest,
  logName,
  logNumber,
  manifestNamedBy,
  manifestNumber,
  tableName,
  temporaryName,
} from "./file-names.ts";

it.each([
  [4, "000004"],
  [999_999, "999999"],
  [1_000_000, "1000000"],
])("writes the number %i with at least six digits", (number, digits) => {
  expect(logName(number)).toBe(`${digits}.log`);
  expect(tableName(number)).toBe(`${digits}.sst`);
});

it.each([0, 4, 999_999, 1_000_000])("reads back the number %i from a log's name", (number) => {
  expect(logNumber(logName(number))).toBe(number);
});

it.each(["LOG", "000005.sst", "MANIFEST-000003", "x000006.log", "000007.log.bak", ".log", "", "000007.log\n"])(
  "does not take %j for a log",
  (name) => expect(logNumber(name)).toBeNull(),
);

it.each([
  ["MANIFEST-000005", 5],
  ["MANIFEST-1000000", 1_000_000],
  ["MANIFEST-", null],
  ["MANIFEST-000005.bak", null],
  [".rockspool-MANIFEST-000005", null],
  ["MANIFEST-000005\n", null],
  ["CURRENT", null],
])("reads the number in the MANIFEST name %j as %j", (name, number) => {
  expect(manifestNumber(name)).toBe(number);
});

it.each([
  ["MANIFEST-1000000", "MANIFEST-999999", true],
  ["MANIFEST-999999", "MANIFEST-1000000", false],
  ["MANIFEST-000005", "MANIFEST-000005", false],
  ["000009.log", "MANIFEST-000005", false],
  ["MANIFEST-000005", "", false],
])("compares MANIFEST names by number: %j newer than %j is %j", (name, other, newer) => {
  expect(isNewerManifest(name, other)).toBe(newer);
});

it.each([
  ["MANIFEST-000005\n", "MANIFEST-000005"],
  ["MANIFEST-1000000\n", "MANIFEST-1000000"],
  ["", null],
  ["\n", null],
  ["MANIFEST", null],
  ["MANIFEST-000005", null],
  ["MANIFEST-000005\n\n", null],
  ["MANIFEST-000005\r\n", null],
  [" MANIFEST-000005\n", null],
  ["000009.sst\n", null],
  ["\0\xff\n", null],
])("reads a CURRENT that holds %j as naming %j", (content, name) => {
  expect(manifestNamedBy(content)).toBe(name);
});

it.each([
  ["000012.sst", "000012.dbtmp"],
  ["000012.log", "000012.dbtmp"],
  ["MANIFEST-000012", "000012.dbtmp"],
])("writes %s under %s until it is complete", (name, temporary) => {
  expect(temporaryName(name)).toBe(temporary);
});
