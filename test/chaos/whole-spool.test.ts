import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { payload } from "../support/payload.mjs";
import { rejection } from "../support/rejection.ts";
import { idOnShard, indexPath, listing, logPath } from "../support/shard-files.ts";
import { until } from "../support/until.ts";
import { PATIENCE_MS, Stage } from "./support/stage.ts";

/** What concerns all shards at once. */

const SHARDS = 2;
const ALL_OPEN = ["open", "open"];

async function untilAllRefuse(stage: Stage): Promise<void> {
  await until("every shard is latched", () => stage.spool.unhealthyReason() !== null, PATIENCE_MS);
  expect(stage.spool.unhealthyReason()).toBe("the spool is not accepting writes");
  for (let shard = 0; shard < SHARDS; shard++) {
    const refused = await rejection(stage.spool.store(idOnShard(shard, SHARDS), payload(1, 10)));
    expect(refused).toMatchObject({ code: "SPOOL_UNHEALTHY", outcome: "not-written" });
  }
}

async function untilProofsFail(stage: Stage): Promise<void> {
  const refusals = ({ path }: { path: string }): number =>
    stage.alarms.filter((line) => line.includes(`${path}: stays latched`)).length;
  const provedTwice = (): boolean => stage.spool.health().every((shard) => refusals(shard) >= 2);
  await until("each shard has failed twice to prove that it works", provedTwice, PATIENCE_MS);
}

const states = (stage: Stage): string[] => stage.spool.health().map(({ state }) => state);

describe("the spool's directory", { timeout: 180_000 }, () => {
  it("removed under an open spool sheds all load; what is there is read as long as it is open", async () => {
    await using stage = await Stage.open(SHARDS);
    stage.startLoad();
    await stage.spool.compact();
    // In one step: shards write themselves anew as long as the directory above them is there.
    const aside = `${stage.path}.removed`;
    await rename(stage.path, aside);
    await rm(aside, { recursive: true });
    await untilAllRefuse(stage);
    await untilProofsFail(stage);
    expect(states(stage), "closed, their last descriptors would be gone").toEqual(ALL_OPEN);
    await stage.expectKept();
  });

  it("removed piece by piece, rockspool.json first, is not made anew; putting it back restores all", async () => {
    await using stage = await Stage.open(SHARDS);
    await stage.spool.compact();
    const file = join(stage.path, "rockspool.json");
    const layout = await readFile(file);
    await rm(file);
    const directories: string[] = [];
    for (let shard = 0; shard < SHARDS; shard++)
      directories.push(await indexPath(stage.path, shard), logPath(stage.path, shard));
    for (const directory of directories) await rm(directory, { recursive: true });
    await untilAllRefuse(stage);
    for (const { reason } of stage.spool.health())
      expect(reason).toMatch(/^io: rockspool\.json is missing from the spool's directory, and nothing is written anew/);
    await untilProofsFail(stage);
    for (const directory of directories) expect(await listing(directory)).toEqual(["missing"]);
    expect(states(stage), "closed, their last descriptors would be gone").toEqual(ALL_OPEN);
    await stage.expectKept();
    await writeFile(file, layout);
    for (let shard = 0; shard < SHARDS; shard++) await stage.untilServed(shard);
    await stage.restart();
    await stage.expectKept();
  });

  it("moved away under an open spool sheds all load, and takes it again when it is put back", async () => {
    await using stage = await Stage.open(SHARDS);
    stage.startLoad();
    const aside = `${stage.path}.aside`;
    await rename(stage.path, aside);
    try {
      await untilAllRefuse(stage);
    } finally {
      await rename(aside, stage.path);
    }
    for (let shard = 0; shard < SHARDS; shard++) await stage.untilServed(shard);
    await stage.expectKept();
    await stage.restart();
    await stage.expectKept();
  });

  it("without a single index is opened from the message logs alone", async () => {
    await using stage = await Stage.open(SHARDS);
    // A shard that is latched writes nothing out when it is closed: its mark is behind the log.
    for (let shard = 0; shard < SHARDS; shard++) await stage.spool.latch(shard, "no flush");
    await stage.close();
    for (let shard = 0; shard < SHARDS; shard++) await rm(await indexPath(stage.path, shard), { recursive: true });
    await stage.open();
    expect(states(stage)).toEqual(ALL_OPEN);
    await stage.expectKept();
  });
});
