import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryDirectory } from "../temporary-directory.suite.ts";
import { firstDamage } from "./first-damage.ts";

test("a file that cannot be read is not damaged", async () => {
  const path = join(temporaryDirectory(), "MANIFEST-000005");
  // Reading it fails with EISDIR, as it does with EIO on a disk that fails.
  mkdirSync(path);
  await expect(firstDamage(path)).rejects.toThrow("cannot be read: EISDIR");
});

test("a file that is not there is not damaged", async () => {
  await expect(firstDamage("/nowhere/MANIFEST-000005")).rejects.toMatchObject({ code: "ENOENT" });
});

test("an empty file is whole", async () => {
  const path = join(temporaryDirectory(), "MANIFEST-000005");
  writeFileSync(path, "");
  expect(await firstDamage(path)).toBeNull();
});
