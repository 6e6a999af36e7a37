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
import { readSegment, type SegmentContent, segmentFile } from "../support/message-log.ts";
import { rejection } from "../support/rejection.ts";
import { listing, logPath, manifestFile, markPath, readMark, shardPath } from "../support/shard-files.ts";
import { onRocksDB, openForTest } from "../support/spool-kinds.ts";
import { makeTemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";
import { COUNT, DAMAGED, makeVersions, type Name, SEGMENTS, SHARDS, type Versions, version } from "./versions.ts";

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
    const { result, findings, expectHeld } = await salvaged(async () => {});
    expect(result).toMatchObject({ complete: true, lost: 0, doubtful: 0, layoutError: null });
    expect(findings).toEqual([]);
    await expectHeld(TRUTH);
  });

  it.each([
    ["CURRENT is missing", async (path: string) => rm(join(shardPath(path, DAMAGED), "CURRENT"))],
    ["the MANIFEST is garbage", async (path: string) => writeFile(await manifestFile(path, DAMAGED), "garbage")],
    ["the whole index is missing", async (path: string) => rm(shardPath(path, DAMAGED), { recursive: true })],
  ])("copies everything, and doubts nothing, where %s", async (_name, damage) => {
    const { result, findings, expectHeld } = await salvaged(damage);
    for (const shard of result.shards) expect(shard).toMatchObject({ state: "sound", source: "log", damages: 0 });
    expect(result).toMatchObject({ complete: true, doubtful: 0, lost: 0 });
    expect(findings).toEqual([]);
    await expectHeld(TRUTH);
  });

  it("keeps older versions of what was in a missing segment, and says so", async () => {
    const { result, findings, expectHeld } = await salvaged((path) => rm(segmentOf(path, "middle")));
    expect(result.shards[DAMAGED]).toMatchObject({
      state: "loss",
      source: "log",
      reason: expect.stringMatching(/\.seg/),
    });
    // Blocks 32 to 49: what is not there is told.
    expect(result.shards[DAMAGED]?.missingBatches).toEqual({ from: 5 * COUNT + 2, to: (5 + 3) * COUNT + 1 });
    expect(result.shards[SOUND]).toMatchObject({ state: "sound", source: "log", doubtful: 0 });
    await expectHeld({ ...TRUTH, rewritten: 1, removed: 1 });
    expect(doubtful(findings)).toEqual(idsOf(["rewritten", "removed", "old"]));
    expect(result).toMatchObject({ complete: false, doubtful: findings.length });
  });

  it("doubts nothing that is newer than a missing segment", async () => {
    const { result, findings, expectHeld } = await salvaged((path) => rm(segmentOf(path, "oldest")));
    expect(result.shards[DAMAGED]).toMatchObject({ state: "loss", missingBatches: { from: 1, to: 5 * COUNT } });
    await expectHeld({ ...TRUTH, old: 0 });
    expect(findings).toEqual([]);
  });

  it("reads a segment up to where it was cut, and names the blocks behind", async () => {
    const { result, findings, expectHeld } = await salvaged(async (path) => {
      const { blocks } = await contentOf(path, "newest");
      // The filler's remove and all replacements are before the cut, all removals and late messages behind it.
      await truncate(segmentOf(path, "newest"), (blocks[1 + COUNT]?.offset as number) + 30);
    });
    expect(result.shards[DAMAGED]).toMatchObject({ state: "loss", source: "log" });
    const newest = (5 + 3 + 3) * COUNT + 3;
    expect(result.shards[DAMAGED]?.missingBatches).toEqual({ from: newest - 2 * COUNT + 1, to: newest });
    await expectHeld({ ...TRUTH, removedLast: 1, late: 0 });
    expect(findings.some(({ kind }) => kind === "damage")).toBe(true);
    expect(doubtful(findings)).toEqual(idsOf(["replaced", "rewritten", "old", "removedLast"]));
  });

  it("goes on behind a damaged block, and doubts only what is older", async () => {
    const { result, findings, expectHeld } = await salvaged(async (path) => {
      // Of the second message that was rewritten.
      const { blocks } = await contentOf(path, "middle");
      await flip(segmentOf(path, "middle"), (blocks[COUNT + 1]?.offset as number) + 70);
    });
    expect(result.shards[DAMAGED]).toMatchObject({ state: "loss", source: "log", damages: 1 });
    const doubts = new Set(doubtful(findings));
    const [first, second] = versions.ids(DAMAGED, "rewritten").map(String);
    expect([...doubts].sort()).toEqual([...idsOf(["old"]), first, second].sort());
    await expectHeld(TRUTH, new Set([second as string]));
  });

  it("names messages whose body is damaged", async () => {
    const [lost] = versions.ids(DAMAGED, "old");
    const { result, findings } = await salvaged(async (path) => {
      const { blocks } = await contentOf(path, "oldest");
      const { place } =
        blocks.flatMap(({ records }) => records).find(({ id }) => id === hexOf(lost)) ?? expect.fail("gone");
      await flip(segmentOf(path, "oldest"), place.offset + 100);
    });
    expect(findings).toEqual([expect.objectContaining({ kind: "lost", id: String(lost), shard: DAMAGED })]);
    expect(result).toMatchObject({ complete: false, lost: 1, doubtful: 0 });
  });

  it("reads all of a shard whose mark is lost, and does not call it complete", async () => {
    const { result, findings, expectHeld } = await salvaged((path) => rm(markPath(path, DAMAGED)));
    expect(result).toMatchObject({ complete: false, doubtful: 0, lost: 0 });
    expect(result.shards[DAMAGED]).toMatchObject({ state: "loss", source: "log" });
    expect(findings).toEqual([]);
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
    ["reads the others where a file is in a log's place", "nothing", (path: string) => writeFile(path, "garbage")],
  ])("%s", async (_name, source, putInPlace) => {
    const { result } = await salvaged(async (path) => {
      await rm(logPath(path, DAMAGED), { recursive: true });
      await putInPlace(logPath(path, DAMAGED));
    });
    expect(result.shards[DAMAGED]).toMatchObject({ state: "unreadable", source, missingBatches: { from: 1 } });
    expect(result.shards[SOUND]).toMatchObject({ state: "sound" });
    expect(result.messages).toBe(idsOf(["replaced", "rewritten", "old", "late"]).length);
  });
});

describe("a salvage that is interrupted", () => {
  it("leaves nothing in the destination's place, and started again gives the same", async () => {
    const source = await damagedCopy((path) => rm(segmentOf(path, "middle")));
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

function segmentOf(path: string, name: keyof typeof SEGMENTS): string {
  return segmentFile(logPath(path, DAMAGED), SEGMENTS[name]);
}

async function contentOf(path: string, name: keyof typeof SEGMENTS): Promise<SegmentContent> {
  return readSegment(logPath(path, DAMAGED), SEGMENTS[name], await readMark(path, DAMAGED));
}

function hexOf(id: SpoolId | undefined): string {
  return Buffer.from(id?.toBytes() ?? []).toString("hex");
}

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
  readonly findings: SalvageProblem[];
  /**
   * All messages of the new spool are of these versions (on the sound shard of the true ones), but for the doubtful.
   */
  expectHeld(held: Record<Name, number>, but?: ReadonlySet<string>): Promise<void>;
}

async function salvaged(damage: (path: string) => Promise<unknown>): Promise<Outcome> {
  const source = await damagedCopy(damage);
  const destination = join(await temporaryDirectory(), "new");
  const before = await listing(source);
  const findings: SalvageProblem[] = [];
  const result = await salvageSpool({ source, destination, onProblem: (finding) => void findings.push(finding) });
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
  return { result, findings, expectHeld };
}

function idsOf(names: readonly Name[]): string[] {
  return names.flatMap((name) => versions.ids(DAMAGED, name).map(String)).sort();
}

function doubtful(findings: readonly SalvageProblem[]): string[] {
  return findings.flatMap((finding) => (finding.kind === "doubtful" ? finding.id : [])).sort();
}
