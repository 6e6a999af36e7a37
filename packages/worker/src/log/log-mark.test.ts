import { mkdirSync, readdirSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { flipByte } from "../../test/damage.ts";
import { temporaryDirectory } from "../../test/temporary-directory.ts";
import { writeChecked } from "../files/checked-file.ts";
import { type LogMark, placeOf, readLogMark, writeLogMark } from "./log-mark.ts";

const anyNumber = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const anyMark: fc.Arbitrary<LogMark> = fc.record(
  {
    spool: fc.string(),
    shard: fc.nat(),
    boot: fc.option(fc.string()),
    place: fc.string(),
    clean: fc.boolean(),
    epoch: anyNumber,
    segments: fc.array(fc.tuple(anyNumber, anyNumber)),
    synced: anyNumber,
    holes: fc.array(fc.tuple(anyNumber, anyNumber, anyNumber)),
    index: fc.string(),
    applied: fc.record({ segment: anyNumber, offset: anyNumber, block: anyNumber }, { noNullPrototype: true }),
    failed: fc.boolean(),
  },
  { noNullPrototype: true },
);

const MARK: LogMark = {
  spool: "0123456789abcdef",
  shard: 3,
  boot: null,
  place: "1:2",
  clean: true,
  epoch: 4,
  segments: [[1, 100]],
  synced: 17,
  holes: [[1, 64, 70]],
  index: "shard-003",
  applied: { segment: 1, offset: 100, block: 17 },
  failed: false,
};

describe("a mark", () => {
  it("is read as it was written, each in the place of the one before", async () => {
    const path = join(temporaryDirectory(), "shard-003.mark");
    await fc.assert(
      fc.asyncProperty(anyMark, async (mark) => {
        await writeLogMark(path, mark);
        expect(await readLogMark(path)).toStrictEqual({ version: 2, ...mark });
      }),
      { numRuns: 40 },
    );
    expect(readdirSync(join(path, ".."))).toStrictEqual(["shard-003.mark"]);
  });

  it("is null where there is none", async () => {
    expect(await readLogMark(join(temporaryDirectory(), "shard-003.mark"))).toBeNull();
  });

  it("is refused with any byte flipped or cut", async () => {
    const path = join(temporaryDirectory(), "shard-003.mark");
    await writeLogMark(path, MARK);
    const bytes = JSON.stringify({ version: 2, ...MARK }).length + 9;
    for (let at = 0; at < bytes; at += 3) {
      flipByte(path, at);
      await expect(readLogMark(path), `byte ${at}`).rejects.toThrow();
      flipByte(path, at);
    }
    expect(await readLogMark(path)).toMatchObject({ synced: 17 });
    truncateSync(path, bytes - 1);
    await expect(readLogMark(path)).rejects.toThrow("its checksum does not match its content");
  });

  it("of another version is refused", async () => {
    const path = join(temporaryDirectory(), "shard-003.mark");
    await writeChecked(path, { ...MARK, version: 3 });
    await expect(readLogMark(path)).rejects.toThrow("it has version 3, and only 2 is known here");
  });

  it("that was not written to its end leaves the one before", async () => {
    const path = join(temporaryDirectory(), "shard-003.mark");
    await writeLogMark(path, MARK);
    writeFileSync(`${path}.tmp`, '{"version":2,');
    expect(await readLogMark(path)).toMatchObject(MARK);
    await writeLogMark(path, { ...MARK, synced: 18 });
    expect(await readLogMark(path)).toMatchObject({ synced: 18 });
  });
});

it("a directory keeps its place when it is renamed, and another one in its stead has another place", () => {
  const root = temporaryDirectory();
  const directory = join(root, "messages");
  mkdirSync(directory);
  const place = placeOf(directory);
  renameSync(directory, join(root, "moved"));
  expect(placeOf(join(root, "moved"))).toBe(place);
  mkdirSync(directory);
  expect(placeOf(directory)).not.toBe(place);
});
