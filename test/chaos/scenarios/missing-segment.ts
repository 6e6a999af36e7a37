import { rename, rm } from "node:fs/promises";
import { basename } from "node:path";
import { SpoolEngineError } from "rockspool";
import { expect } from "vitest";
import { rejection } from "../../support/rejection.ts";
import { idOnShard, segmentFiles } from "../../support/shard-files.ts";
import { expectCargo, findCargo, type Scenario } from "./scenario.ts";

/** Which of a shard's segments. The newest is the one that is appended to. */
function deletedSegment(which: "oldest" | "newest"): Scenario {
  return {
    name: `the ${which} segment deleted under an open spool`,
    async run(stage, victim) {
      const segment = (await segmentFiles(stage.path, victim)).at(which === "oldest" ? 0 : -1) as string;
      await rm(segment);
      await stage.untilLatched(victim);
      await stage.expectRefused(victim, /^io: \d{10}\.seg is missing/);
      await expectCargo(stage, victim, "what is open is still read");
      await stage.untilServed(victim);
      expect(stage.alarms.join("\n")).toMatch(/\.seg was missing or damaged, and is made anew/);
      expect(await segmentFiles(stage.path, victim)).toContain(segment);
      return basename(segment);
    },
  };
}

export const missingSegments: readonly Scenario[] = [
  deletedSegment("oldest"),
  deletedSegment("newest"),
  {
    name: "a segment removed while closed: the rest is read, and all of it when the segment is back",
    async run(stage, victim) {
      const aside = `${stage.path}.aside`;
      let segment = "";
      let lost = "";
      await stage.restart(async () => {
        const { message, place } = await findCargo(stage, victim);
        segment = place.file;
        lost = String(message.id);
        await rename(segment, aside);
      });
      try {
        expect(stage.health(victim)).toMatchObject({ state: "read-only", latched: true });
        await stage.expectRefused(victim, /\.seg is missing/);
        const absent = idOnShard(victim, stage.shards);
        for (const id of [lost, absent]) {
          const error = await rejection<SpoolEngineError>(stage.spool.load(id));
          expect(error).toBeInstanceOf(SpoolEngineError);
          expect(error.message).toMatch(/messages of this shard are lost/);
        }
        stage.expectOthersUntouched(victim);
      } finally {
        await stage.close().catch(() => {});
        await rename(aside, segment);
      }
      await stage.open();
      stage.startLoad();
      await stage.untilServed(victim);
      return basename(segment);
    },
  },
];
