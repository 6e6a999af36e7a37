import { closeSync, fstatSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { temporaryDirectory } from "../../test/temporary-directory.ts";
import { writeFromDescriptor } from "./descriptors.ts";

/** A file of several reads, whose name is gone. */
function removedFile(directory: string): { descriptor: number; content: Buffer } {
  const path = join(directory, "removed");
  const content = Buffer.alloc(2_500_000, "what was in it");
  writeFileSync(path, content);
  const descriptor = openSync(path, "r");
  onTestFinished(() => closeSync(descriptor));
  rmSync(path);
  return { descriptor, content };
}

it("a file that was removed is written anew as it was", async () => {
  const directory = temporaryDirectory();
  const { descriptor, content } = removedFile(directory);
  await writeFromDescriptor(descriptor, join(directory, "000007.sst"));
  expect(readFileSync(join(directory, "000007.sst")).equals(content)).toBe(true);
  expect(fstatSync(descriptor).size).toBe(content.byteLength);
});

it("a descriptor whose content cannot be written stays open: it is somebody else's", async () => {
  const directory = temporaryDirectory();
  const { descriptor, content } = removedFile(directory);
  await expect(
    writeFromDescriptor(descriptor, join(directory, "no such directory", "000007.sst")),
  ).rejects.toMatchObject({ code: "ENOENT" });
  // A close that was begun before this is over after it.
  await stat(directory);
  expect(fstatSync(descriptor).size).toBe(content.byteLength);
});
