import { appendFileSync, mkdirSync, rmSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { listing, temporaryDirectory } from "../../test/temporary-directory.ts";
import { logName } from "../files/file-names.ts";
import { type Evidence, manifestEvidence, missingEvidence } from "./evidence.ts";

/** What is done with a file that is open, in order. */
const disk = vi.hoisted(() => ({ calls: [] as string[] }));

vi.mock(import("node:fs/promises"), async (importOriginal) => {
  const real = await importOriginal();
  const open: typeof real.open = async (path, flags) => {
    const file = await real.open(path, flags);
    for (const name of ["stat", "datasync", "close"] as const) {
      const call = (file[name] as () => Promise<never>).bind(file);
      (file as unknown as Record<string, unknown>)[name] = () => {
        disk.calls.push(name);
        return call();
      };
    }
    return file;
  };
  return { ...real, open, default: { ...real, open } };
});

const MANIFEST = "MANIFEST-000005";
const EVIDENCE: Evidence = {
  manifest: { name: MANIFEST, bytes: 100 },
  logs: [
    { number: 4, bytes: 40 },
    { number: 8, bytes: 80 },
  ],
};

let directory: string;

/** The directory as the evidence saw it. */
beforeEach(() => {
  directory = join(temporaryDirectory(), "shard");
  mkdirSync(directory);
  disk.calls.length = 0;
  write("CURRENT", `${MANIFEST}\n`);
  write(MANIFEST, "x".repeat(100));
  write("000004.log", "x".repeat(40));
  write("000008.log", "x".repeat(80));
});

function write(name: string, content: string): void {
  writeFileSync(join(directory, name), content);
}

function cut(name: string, bytes: number): void {
  truncateSync(join(directory, name), bytes);
}

const nothing = (): void => {};

/** What was done to the directory, and what is said to be missing. */
const TABLE: readonly [what: string, change: () => void, keep: number, missing: string | null][] = [
  ["nothing", nothing, 0, null],
  [
    "all grew",
    () => ["000004.log", "000008.log", MANIFEST].map((name) => appendFileSync(join(directory, name), "y")),
    0,
    null,
  ],
  ["a log came", () => write("000009.log", ""), 0, null],
  ["the MANIFEST is one byte shorter", () => cut(MANIFEST, 99), 0, `${MANIFEST} has 99 bytes and had 100`],
  ["the MANIFEST is empty", () => cut(MANIFEST, 0), 0, `${MANIFEST} has 0 bytes and had 100`],
  [
    "CURRENT names an older MANIFEST",
    () => {
      write("MANIFEST-000001", "x".repeat(1_000));
      write("CURRENT", "MANIFEST-000001\n");
    },
    0,
    `CURRENT names MANIFEST-000001, but ${MANIFEST} was there`,
  ],
  [
    "CURRENT names a newer MANIFEST, which may be shorter",
    () => {
      unlinkSync(join(directory, MANIFEST));
      write("MANIFEST-000012", "x");
      write("CURRENT", "MANIFEST-000012\n");
    },
    0,
    null,
  ],
  ["the newest log is one byte shorter", () => cut("000008.log", 79), 0, "000008.log has 79 bytes and had 80"],
  ["the older log is empty", () => cut("000004.log", 0), 0, "000004.log has 0 bytes and had 40"],
  ["the newest log is missing", () => unlinkSync(join(directory, "000008.log")), 0, "000008.log is missing"],
  ["the older log is missing", () => unlinkSync(join(directory, "000004.log")), 0, "000004.log is missing"],
  [
    "the older log is missing and still needed",
    () => unlinkSync(join(directory, "000004.log")),
    4,
    "000004.log is missing",
  ],
  ["the older log is missing and was flushed", () => unlinkSync(join(directory, "000004.log")), 5, null],
  [
    "the older log was flushed, the newest is cut",
    () => cut("000008.log", 10),
    8,
    "000008.log has 10 bytes and had 80",
  ],
  [
    "both logs are missing and were flushed",
    () => [4, 8].map((number) => unlinkSync(join(directory, logName(number)))),
    9,
    null,
  ],
];

describe("what is missing of what was there", () => {
  it.each(TABLE)("when %s", async (_, change, keep, missing) => {
    change();
    const before = listing(directory);
    expect(await missingEvidence(directory, EVIDENCE, keep)).toBe(missing);
    expect(listing(directory)).toStrictEqual(before);
  });

  it("numbers are compared as numbers, when they outgrow their six digits too", async () => {
    write("MANIFEST-999999", "x");
    write("CURRENT", "MANIFEST-999999\n");
    const manifest = { name: "MANIFEST-1000000", bytes: 1 };
    expect(await missingEvidence(directory, { manifest, logs: [] }, 0)).toContain("CURRENT names MANIFEST-999999");
    expect(logName(1_000_000)).toBe("1000000.log");
    const logs = [{ number: 1_000_000, bytes: 0 }];
    expect(await missingEvidence(directory, { manifest: { name: MANIFEST, bytes: 100 }, logs }, 0)).toBe(
      "1000000.log is missing",
    );
  });

  it("a CURRENT that is missing is no answer", async () => {
    unlinkSync(join(directory, "CURRENT"));
    await expect(missingEvidence(directory, EVIDENCE, 0)).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("the MANIFEST's evidence", () => {
  it("is its name and size; its size is read before it is synced, so that no more is said than is on the disk", async () => {
    expect(await manifestEvidence(directory)).toStrictEqual({ name: MANIFEST, bytes: 100 });
    expect(disk.calls).toStrictEqual(["stat", "datasync", "close"]);
  });

  it("is of the MANIFEST that CURRENT names, not of the newest", async () => {
    write("MANIFEST-000009", "x");
    expect((await manifestEvidence(directory)).name).toBe(MANIFEST);
  });

  it.each(["CURRENT", MANIFEST])("cannot be had without %s", async (name) => {
    rmSync(join(directory, name));
    await expect(manifestEvidence(directory)).rejects.toMatchObject({ code: "ENOENT" });
  });
});
