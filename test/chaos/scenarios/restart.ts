import { expect } from "vitest";
import { idOnShard, newestBlock, readMark } from "../../support/shard-files.ts";
import type { Stage } from "../support/stage.ts";
import type { Scenario } from "./scenario.ts";

const COUNT = 20;

export const restarts: readonly Scenario[] = [
  {
    name: "a restart with an index that holds everything",
    async run(stage, victim) {
      await stage.stopLoad();
      await storeSome(stage, victim);
      await stage.restart(async () => {
        const { clean, synced, applied } = await readMark(stage.path, victim);
        expect({ clean, synced }).toEqual({ clean: true, synced: await newestBlock(stage.path, victim) });
        expect(applied.block, "the index's tables hold all blocks").toBe(synced);
      });
      return "the index held all blocks";
    },
  },
  {
    name: "a restart with an index that is behind the log",
    async run(stage, victim) {
      await stage.stopLoad();
      await storeSome(stage, victim);
      // A shard that is latched writes nothing out when it is closed.
      await stage.spool.latch(victim, "no flush");
      let behind = 0;
      await stage.restart(async () => {
        const { clean, applied } = await readMark(stage.path, victim);
        expect(clean).toBe(false);
        behind = (await newestBlock(stage.path, victim)) - applied.block;
        expect(behind).toBeGreaterThan(0);
      });
      expect(stage.alarms.join("\n"), "the blocks behind it are applied").not.toMatch(/made anew/);
      return `${behind} blocks were in the log alone`;
    },
  },
];

async function storeSome(stage: Stage, shard: number): Promise<void> {
  const stores = Array.from({ length: COUNT }, () =>
    stage.ledger.store(stage.spool, idOnShard(shard, stage.shards), shard, 400, false),
  );
  expect(await Promise.all(stores)).not.toContain(null);
}
