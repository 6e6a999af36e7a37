import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryDirectory } from "../../test/temporary-directory.ts";
import { FileGuard } from "./file-guard.ts";

/** A shard whose files go missing, and come back where `restore` says so. */
function guarded(restore: (missing: string[]) => void) {
  const missing: string[] = [];
  const told: string[] = [];
  const layoutPath = join(temporaryDirectory(), "rockspool.json");
  writeFileSync(layoutPath, "{}");
  const files = {
    missingFiles: async () => [...missing],
    restore: async () => {
      told.push("restore");
      restore(missing);
    },
  };
  const guard = new FileGuard({
    files,
    shard: 3,
    path: "/spool/shard-003",
    layoutPath,
    onError: ({ message }) => void told.push(message),
    log: (level, fields, message) => void told.push(`${level} ${JSON.stringify(fields)} ${message}`),
  });
  return { guard, missing, told, layoutPath };
}

it("says nothing while all files are there", async () => {
  const { guard, told } = guarded(() => {});
  expect(await guard.restoreMissing(false)).toEqual([]);
  expect(told).toEqual([]);
});

it("counts a missing file before it has it restored, and says that it is there again", async () => {
  const { guard, missing, told } = guarded((files) => files.pop());
  missing.push("000012.sst");
  expect(await guard.restoreMissing(false)).toEqual([]);
  expect(told).toEqual([
    "000012.sst is missing or damaged in the shard's directory",
    "restore",
    'warn {"shard":3,"path":"/spool/shard-003","missing":["000012.sst"],"left":[]} ' +
      "rocksdb at /spool/shard-003: 000012.sst was missing or damaged, and is restored",
  ]);
});

it("counts and tries what cannot be restored once, and again only when it is asked to", async () => {
  const { guard, missing, told } = guarded(() => {
    throw new Error("no space");
  });
  missing.push("000012.sst");
  for (let tick = 0; tick < 3; tick++) expect(await guard.restoreMissing(false)).toEqual(["000012.sst"]);
  expect(told.filter((line) => line === "restore")).toHaveLength(1);
  expect(told.at(-1)).toMatch(/^error .* 000012.sst cannot be restored while the shard is open: no space$/);
  expect(await guard.restoreMissing(true)).toEqual(["000012.sst"]);
  expect(told.filter((line) => line === "restore")).toHaveLength(2);
  expect(told.filter((line) => line.endsWith("is missing or damaged in the shard's directory"))).toHaveLength(1);
});

it("counts again where another file goes missing", async () => {
  const { guard, missing, told } = guarded(() => {});
  missing.push("000012.sst");
  await guard.restoreMissing(false);
  missing.push("CURRENT");
  await guard.restoreMissing(false);
  expect(told).toContain("000012.sst, CURRENT is missing or damaged in the shard's directory");
});

const GONE = "rockspool.json is missing from the spool's directory";

it("writes nothing anew where the spool is gone, and says so once; when it is back the files are restored", async () => {
  const { guard, missing, told, layoutPath } = guarded((files) => files.pop());
  rmSync(layoutPath);
  missing.push("000012.sst");
  for (let tick = 0; tick < 3; tick++) expect(await guard.restoreMissing(tick > 0)).toEqual(["000012.sst"]);
  expect(told).toEqual([
    `${GONE}, and nothing is written anew: 000012.sst is missing or damaged in the shard's directory`,
    'error {"shard":3,"path":"/spool/shard-003","missing":["000012.sst"],"left":["000012.sst"]} ' +
      `rocksdb at /spool/shard-003: 000012.sst was missing or damaged, and 000012.sst cannot be restored while the shard is open: ${GONE}`,
  ]);
  expect(guard.isSpoolGone).toBe(true);
  writeFileSync(layoutPath, "{}");
  expect(await guard.restoreMissing(false)).toEqual([]);
  expect(guard.isSpoolGone).toBe(false);
  expect(told).toContain("restore");
});

it("does not have a shard closed for a log where the spool is gone: closing would write it anew", async () => {
  const { guard, missing, layoutPath } = guarded(() => {});
  missing.push("000012.log");
  await guard.restoreMissing(false);
  expect(guard.areRestoredByClosing(missing)).toBe(true);
  rmSync(layoutPath);
  await guard.restoreMissing(false);
  expect(guard.areRestoredByClosing(missing)).toBe(false);
  expect(guard.areMissing(missing).message).toContain(GONE);
});

it("has a shard closed for a CURRENT where its MANIFEST is missing too: then closing writes both anew", async () => {
  const { guard } = guarded(() => {});
  expect(guard.areRestoredByClosing(["CURRENT", "MANIFEST-000005", "000012.log"])).toBe(true);
  expect(guard.areRestoredByClosing(["CURRENT", "000012.log"])).toBe(false);
  expect(guard.areRestoredByClosing(["CURRENT", "MANIFEST-000005", "000012.sst"])).toBe(false);
});

it("does not ask for the spool's file while all files are there", async () => {
  const { guard, told, layoutPath } = guarded(() => {});
  rmSync(layoutPath);
  expect(await guard.restoreMissing(true)).toEqual([]);
  expect(told).toEqual([]);
});
