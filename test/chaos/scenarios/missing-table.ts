import { rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect } from "vitest";
import { rejection } from "../../support/rejection.ts";
import { shardFiles } from "../../support/shard-files.ts";
import { until } from "../../support/until.ts";
import { PATIENCE_MS } from "../support/stage.ts";
import { expectDamage, failureOfEnumeration, findCargo, type Scenario } from "./scenario.ts";

/** RocksDB has opened what it wrote so long ago: only then can its content be had when it is removed. */
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
          // A table that a compaction has just made obsolete is not missed: then others are tried.
          const missed = until("they are missed", () => stage.health(victim).latched, MISSED_MS);
          return missed.then(
            () => settled,
            () => null,
          );
        },
        PATIENCE_MS,
      );
      await stage.expectRefused(victim, /^io: .*\.sst.* missing/);
      await stage.untilServed(victim);
      expect(stage.alarms.join("\n")).toMatch(/was missing or damaged, and is restored/);
      return `${victims.length} tables: ${victims.map((table) => basename(table)).join(" ")}`;
    },
  },
  {
    name: "a table removed while closed",
    async run(stage, victim) {
      await stage.spool.compact();
      const aside = join(stage.path, "aside.sst");
      let table = "";
      await stage.restart(async () => {
        const { place } = await findCargo(stage, victim);
        table = place.file;
        await rename(table, aside);
      });
      expect(stage.health(victim)).toMatchObject({ state: "down" });
      const error = expectDamage(await rejection(stage.spool.load(stage.cargo(victim)[0]?.id ?? "")));
      await stage.expectRefused(victim, /\.sst/);
      await failureOfEnumeration(stage, victim);
      await rename(aside, table);
      await stage.untilServed(victim);
      return `${error.kind}: ${error.message}`;
    },
  },
];
