import type { Worker } from "node:worker_threads";
import { shardThreads } from "rockspool/testing";
import { expect } from "vitest";
import { idOnShard } from "../../support/shard-files.ts";
import { until } from "../../support/until.ts";
import { PATIENCE_MS } from "../support/stage.ts";
import type { Scenario } from "./scenario.ts";

const DEATHS = 3;
const BURST = 100;

export const killedThread: Scenario = {
  name: "a thread killed again and again under load",
  async run(stage, victim) {
    const others = shardThreads(stage.spool).filter((_, shard) => shard !== victim);
    for (let death = 1; death <= DEATHS; death++) {
      const burst = Array.from({ length: BURST }, () =>
        stage.ledger.store(stage.spool, idOnShard(victim, stage.shards), victim, 1000, false),
      );
      // Each life has another thread: it is the one that serves none of the others.
      const thread = shardThreads(stage.spool).find((one) => !others.includes(one)) as Worker;
      await thread.terminate();
      await Promise.all(burst);
      await until("the death is known", () => stage.health(victim).restarts >= death, PATIENCE_MS);
      expect(stage.alarms.filter((line) => line.includes(`the thread of shard ${victim} died`))).toHaveLength(death);
      expect(stage.spool.unhealthyReason()).toBeNull();
      await stage.untilServed(victim);
    }
    expect(stage.health(victim)).toMatchObject({ restarts: DEATHS, latched: false, history: [] });
    const failures = stage.ledger.failuresOn(victim);
    expect(failures.filter((one) => !/ SPOOL_SHARD_LOST( unknown| not-written)?$/.test(one))).toEqual([]);
    expect(failures.join()).toContain("SPOOL_SHARD_LOST");
    return failures.join(", ");
  },
};
