import { rename, rm, stat } from "node:fs/promises";
import { basename } from "node:path";
import { expect } from "vitest";
import { shardFiles } from "../../support/shard-files.ts";
import { until } from "../../support/until.ts";
import { PATIENCE_MS } from "../support/stage.ts";
import { expectCargo, type Scenario, tableOfIndex } from "./scenario.ts";

/** RocksDB has opened what it wrote so long ago: a table that is deleted before that cannot be read. */
const SETTLED_MS = 500;
/** Many ticks of the monitor. */
const MISSED_MS = 1000;

export const missingTables: readonly Scenario[] = [
  {
    name: "tables deleted under an open spool that is written to",
    async run(stage, victim) {
      await stage.spool.compact();
      const victims = await until(
        "tables that RocksDB has open were deleted and are missed",
        async () => {
          const tables = await shardFiles(stage.path, victim, ".sst");
          const ages = await Promise.all(tables.map((table) => stat(table).catch(() => null)));
          const settled = tables.filter((_, i) => Date.now() - (ages[i]?.mtimeMs ?? Date.now()) > SETTLED_MS);
          if (settled.length === 0) return null;
          for (const table of settled) await rm(table, { force: true });
          // Those that a compaction has just done away with are nobody's loss: then others are tried.
          const missed = until("they are missed", () => stage.isLatched(victim), MISSED_MS);
          return missed.then(
            () => settled,
            () => null,
          );
        },
        PATIENCE_MS,
      );
      await stage.expectRefused(victim, /^io: .*\.sst.* missing/);
      await expectCargo(stage, victim, "every message loads while the index is made anew");
      await stage.untilServed(victim);
      expect(stage.alarms.join("\n")).toMatch(/was missing or damaged, and is made anew/);
      await expectCargo(stage, victim, "every message is in the new index");
      return `${victims.length} tables: ${victims.map((table) => basename(table)).join(" ")}`;
    },
  },
  {
    name: "a table removed while closed",
    async run(stage, victim) {
      const table = await tableOfIndex(stage, victim);
      await stage.restart(() => rename(table, `${stage.path}.removed`));
      await rm(`${stage.path}.removed`);
      expect(stage.health(victim)).toMatchObject({ state: "open", latched: false });
      expect(stage.alarms.join("\n")).toMatch(/the index is made anew/);
      await expectCargo(stage, victim, "every message is in the new index");
      return stage.alarms.find((line) => line.includes("made anew")) ?? "";
    },
  },
];
