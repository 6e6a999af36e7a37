import { cp, mkdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Salvaged,
  type SalvageProblem,
  SpoolConfigError,
  type SpoolId,
  salvageSpool,
  verifySpool,
} from "rockspool";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadOrNull } from "../support/load-or-null.ts";
import { rejection } from "../support/rejection.ts";
import { withRocksDB } from "../support/rocksdb.ts";
import { recordEnds } from "../support/rocksdb-log.ts";
import { listing, manifestFile, markPath, shardFiles, shardPath } from "../support/shard-files.ts";
import { onRocksDB, openForTest } from "../support/spool-kinds.ts";
import { makeTemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";
import { DAMAGED, makeVersions, type Name, SHARDS, type Versions, version } from "./versions.ts";

const SOUND = 1;
/** What the spool held: the version of each message, 0 for one that was removed. */
const TRUTH: Record<Name, number> = { replaced: 3, rewritten: 2, removed: 0, removedLast: 0, old: 1, late: 1 };

let shared: string;
let versions: Versions;

beforeAll(async () => {
  shared = await makeTemporaryDirectory();
  versions = await makeVersions(shared);
});

afterAll(() => rm(shared, { recursive: true, force: true }));

describe("salvage", () => {
  it("copies a sound spool as it is, and doubts nothing", async () => {
    const { result, problems, expectHeld } = await salvaged(async () => {});
    expect(result).toMatchObject({ complete: true, lost: 0, doubtful: 0, layoutError: null });
    expect(problems).toEqual([]);
    await expectHeld(TRUTH);
  });

  it.each([
    ["CURRENT is missing", async (path: string) => rm(join(shardPath(path, DAMAGED), "CURRENT"))],
    ["the MANIFEST is missing", async (path: string) => rm(await manifestFile(path, DAMAGED))],
    ["the MANIFEST is garbage", async (path: string) => writeFile(await manifestFile(path, DAMAGED), "garbage")],
    [
      "the MANIFEST forgot the newer table",
      async (path: string) => {
        const file = await manifestFile(path, DAMAGED);
        const ends = recordEnds(await readFile(file));
        await truncate(file, ends.at(-3) as number);
      },
    ],
  ])("finds everything in the files where %s: the newest version, nothing that was removed", async (_name, damage) => {
    const { result, problems, expectHeld } = await salvaged(damage);
    expect(result.shards[DAMAGED]).toMatchObject({ source: "files", missingBatches: null, damages: 0 });
    expect(result.shards[SOUND]).toMatchObject({ state: "sound", source: "rocksdb", doubtful: 0 });
    await expectHeld(TRUTH);
    // Without its MANIFEST RocksDB confirms none of it.
    expect(doubtful(problems)).toEqual(idsOf(["replaced", "rewritten", "old", "late"]));
    expect(result).toMatchObject({ complete: false, doubtful: problems.length });
  });

  it("keeps older versions of what was in a missing table, and says so", async () => {
    const { result, problems, expectHeld } = await salvaged(async (path) => {
      await rm((await shardFiles(path, DAMAGED, ".sst")).at(-1) as string);
    });
    expect(result.shards[DAMAGED]).toMatchObject({ state: "unreadable", source: "files" });
    await expectHeld({ ...TRUTH, rewritten: 1, removed: 1 });
    expect(doubtful(problems)).toEqual(expect.arrayContaining(idsOf(["rewritten", "removed"])));
  });

  it("reads a log up to where it was cut, and names the batches behind", async () => {
    const { result, problems, expectHeld } = await salvaged(async (path) => {
      const file = (await shardFiles(path, DAMAGED, ".log")).at(-1) as string;
      const ends = recordEnds(await readFile(file));
      await truncate(file, (ends[6] as number) - 3);
    });
    expect(result.shards[DAMAGED]).toMatchObject({ state: "loss", source: "files" });
    expect(result.shards[DAMAGED]?.missingBatches?.from).toBeGreaterThan(1);
    // All replacements were before the cut, all removals and late messages behind it.
    await expectHeld({ ...TRUTH, removedLast: 1, late: 0 });
    expect(problems.some(({ kind }) => kind === "damage")).toBe(true);
    expect(doubtful(problems)).toEqual(expect.arrayContaining(idsOf(["removedLast", "replaced"])));
  });

  it("asks RocksDB for each message where a block is flipped, and doubts only what lay in it", async () => {
    const { result, problems, expectHeld } = await salvaged(async (path) => {
      // Some of its versions are lost, and it is unknown which.
      await flip((await shardFiles(path, DAMAGED, ".sst")).at(-1) as string, AMONG_REWRITTEN);
    });
    expect(result.shards[DAMAGED]).toMatchObject({ source: "rocksdb and files", damages: 1 });
    const doubts = new Set(doubtful(problems));
    expect(doubts.size).toBeGreaterThan(0);
    for (const name of ["replaced", "old", "late", "removedLast"] as const)
      for (const id of idsOf([name])) expect(doubts.has(id), `${name} was not in the table`).toBe(false);
    await expectHeld(TRUTH, doubts);
  });

  it("names messages that no longer decompress", async () => {
    const [lost] = versions.ids(DAMAGED, "old");
    const { result, problems } = await salvaged(async (path) => {
      await withRocksDB(shardPath(path, DAMAGED), { readOnly: false }, (db) =>
        db.put((lost as SpoolId).toBytes(), Buffer.of(9, 9)),
      );
    });
    expect(problems).toEqual([expect.objectContaining({ kind: "lost", id: String(lost), shard: DAMAGED })]);
    expect(result).toMatchObject({ complete: false, lost: 1, doubtful: 0 });
  });

  it("reads all of a shard whose mark is lost, and does not call it complete", async () => {
    const { result, problems, expectHeld } = await salvaged((path) => rm(markPath(path, DAMAGED)));
    expect(result).toMatchObject({ complete: false, doubtful: 0, lost: 0 });
    expect(result.shards[DAMAGED]).toMatchObject({ state: "loss", source: "rocksdb" });
    expect(problems).toEqual([]);
    await expectHeld(TRUTH);
  });

  it("needs no rockspool.json", async () => {
    const { result, expectHeld } = await salvaged((path) => rm(join(path, "rockspool.json")));
    expect(result).toMatchObject({ complete: false, layoutError: expect.stringContaining("missing"), doubtful: 0 });
    expect(result.shards).toHaveLength(SHARDS);
    await expectHeld(TRUTH);
  });

  it.each([
    ["says that a shard is gone", "nothing", async () => {}],
    ["reads the others where a file is in a shard's place", "files", (path: string) => writeFile(path, "garbage")],
  ])("%s", async (_name, source, putInPlace) => {
    const { result } = await salvaged(async (path) => {
      await rm(shardPath(path, DAMAGED), { recursive: true });
      await putInPlace(shardPath(path, DAMAGED));
    });
    expect(result.shards[DAMAGED]).toMatchObject({ state: "unreadable", source, missingBatches: { from: 1 } });
    expect(result.shards[SOUND]).toMatchObject({ state: "sound" });
    expect(result.messages).toBe(idsOf(["replaced", "rewritten", "old", "late"]).length);
  });
});

describe("a salvage that is interrupted", () => {
  it("leaves nothing in the destination's place, and started again gives the same", async () => {
    const source = await damagedCopy((path) => rm(join(shardPath(path, DAMAGED), "CURRENT")));
    const destination = join(await temporaryDirectory(), "new");
    const controller = new AbortController();
    const reason = new Error("enough");
    const onProblem = (): void => controller.abort(reason);
    expect(await rejection(salvageSpool({ source, destination, signal: controller.signal, onProblem }))).toBe(reason);
    expect(await listing(destination)).toEqual(["missing"]);
    // Another source's attempt is left alone.
    const error = await rejection(salvageSpool({ source: versions.path, destination, onProblem: () => {} }));
    expect(error).toBeInstanceOf(SpoolConfigError);
    const result = await salvageSpool({ source, destination, onProblem: () => {} });
    expect(await listing(`${destination}.unfinished`)).toEqual(["missing"]);
    const other = join(await temporaryDirectory(), "new");
    expect(await salvageSpool({ source, destination: other, onProblem: () => {} })).toEqual(result);
    expect(await verifySpool({ path: destination })).toMatchObject({ ok: true, messages: result.messages });
  });

  it("never replaces what is there, nor writes into the source", async () => {
    const destination = join(await temporaryDirectory(), "new");
    await mkdir(destination);
    await writeFile(join(destination, "file"), "");
    for (const to of [destination, versions.path, join(versions.path, "new")]) {
      const error = await rejection(salvageSpool({ source: versions.path, destination: to, onProblem: () => {} }));
      expect(error).toBeInstanceOf(SpoolConfigError);
    }
  });
});

/**
 * In the newer table: six messages of 1,500 bytes that were replaced again lie before those that were not, in the order
 * of their making.
 */
const AMONG_REWRITTEN = 13_500;

async function flip(file: string, at: number): Promise<void> {
  const bytes = await readFile(file);
  bytes[at] = (bytes[at] as number) ^ 0x10;
  await writeFile(file, bytes);
}

async function damagedCopy(damage: (path: string) => Promise<unknown>): Promise<string> {
  const path = join(await temporaryDirectory(), "spool");
  await cp(versions.path, path, { recursive: true });
  await damage(path);
  return path;
}

interface Outcome {
  readonly result: Salvaged;
  readonly problems: SalvageProblem[];
  /**
   * All messages of the new spool are of these versions (on the sound shard of the true ones), but for the doubtful.
   */
  expectHeld(held: Record<Name, number>, but?: ReadonlySet<string>): Promise<void>;
}

async function salvaged(damage: (path: string) => Promise<unknown>): Promise<Outcome> {
  const source = await damagedCopy(damage);
  const destination = join(await temporaryDirectory(), "new");
  const before = await listing(source);
  const problems: SalvageProblem[] = [];
  const result = await salvageSpool({ source, destination, onProblem: (problem) => void problems.push(problem) });
  expect(await listing(source), "the source is not changed").toEqual(before);
  const expectHeld: Outcome["expectHeld"] = async (held, but = new Set()) => {
    const spool = await openForTest(onRocksDB, { path: destination });
    let count = 0;
    for (let shard = 0; shard < SHARDS; shard++) {
      for (const [name, number] of Object.entries(shard === DAMAGED ? held : TRUTH) as [Name, number][]) {
        for (const id of versions.ids(shard, name)) {
          const message = await loadOrNull(spool, id);
          if (message !== null) count++;
          if (but.has(String(id))) continue;
          const expected = number === 0 ? null : Buffer.from(version(id, number));
          expect(message === null ? null : Buffer.from(message), `${name} ${id}`).toEqual(expected);
        }
      }
    }
    expect(result.messages).toBe(count);
  };
  return { result, problems, expectHeld };
}

function idsOf(names: readonly Name[]): string[] {
  return names.flatMap((name) => versions.ids(DAMAGED, name).map(String)).sort();
}

function doubtful(problems: readonly SalvageProblem[]): string[] {
  return problems.flatMap((problem) => (problem.kind === "doubtful" ? problem.id : [])).sort();
}
