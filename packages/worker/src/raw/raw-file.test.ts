import { readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { seededRandom } from "../../test/seeded-random.ts";
import { temporaryDirectory } from "../../test/temporary-directory.ts";
import { FileWindow, RawFile } from "./raw-file.ts";

const PAGE = 4096;

function open(content: Buffer, damages: unknown[][], read = readSync): RawFile {
  const path = join(temporaryDirectory(), "file");
  writeFileSync(path, content);
  const file = new RawFile(path, (...damage) => damages.push(damage), read as typeof readSync);
  onTestFinished(() => file.close());
  return file;
}

it("reports an unreadable page once, and reads the pages around it", () => {
  const content = Buffer.alloc(3 * PAGE + 100, 7);
  const damages: unknown[][] = [];
  const read = (descriptor: number, buffer: Uint8Array, offset: number, length: number, position: number): number => {
    if (position < 2 * PAGE && position + length > PAGE) throw new Error("EIO: i/o error, read");
    return readSync(descriptor, buffer, offset, length, position);
  };
  const file = open(content, damages, read as typeof readSync);
  const expected = Buffer.from(content);
  expected.fill(0xff, PAGE, 2 * PAGE);
  expect(file.read(0, content.byteLength)).toEqual(expected);
  expect(file.read(10, 2 * PAGE)).toEqual(expected.subarray(10, 10 + 2 * PAGE));
  expect(damages).toEqual([[PAGE, PAGE, "EIO: i/o error, read"]]);
});

it("a window returns the file's bytes at any offset", () => {
  const content = Buffer.from(Uint8Array.from({ length: 1000 }, (_, index) => index));
  const file = open(content, []);
  const random = seededRandom(1);
  const window = new FileWindow(file, 64);
  for (let count = 0; count < 300; count++) {
    const offset = Math.floor(random() * 1010);
    const length = Math.floor(random() * 100);
    expect(window.view(offset, length)).toEqual(content.subarray(offset, offset + length));
  }
});
