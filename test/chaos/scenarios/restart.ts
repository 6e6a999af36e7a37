import { readFile } from "node:fs/promises";
import { expect } from "vitest";
import { payload } from "../../support/payload.mjs";
import { idOnShard, shardFiles } from "../../support/shard-files.ts";
import { placeInTables } from "../support/damage.ts";
import type { Message } from "../support/ledger.ts";
import type { Stage } from "../support/stage.ts";
import type { Scenario } from "./scenario.ts";

const COUNT = 20;

export const restarts: readonly Scenario[] = [
  {
    name: "a restart from tables alone",
    async run(stage, victim) {
      await stage.stopLoad();
      const messages = await storeSome(stage, victim);
      await stage.restart(async () => {
        expect(await logs(stage, victim), "the logs are empty").toHaveLength(0);
        for (const { seed, size } of messages)
          expect(await placeInTables(stage.path, victim, payload(seed, size))).not.toBeNull();
      });
      return "the logs were empty";
    },
  },
  {
    name: "a restart from a log alone",
    async run(stage, victim) {
      await stage.stopLoad();
      // What was before is out of the way, where there are tables for it already.
      if ((await shardFiles(stage.path, victim, ".sst")).length > 0) await stage.spool.adviseLowMemory();
      const messages = await storeSome(stage, victim);
      // A shard that is latched writes nothing out when it is closed.
      await stage.spool.latch(victim, "no flush");
      await stage.restart(async () => {
        const log = await logs(stage, victim);
        const logged = messages.filter(({ seed, size }) => log.includes(Buffer.from(payload(seed, size))));
        // One may be in two pieces, at the end of a block.
        expect(logged.length).toBeGreaterThanOrEqual(messages.length - 1);
        for (const { seed, size } of messages)
          expect(await placeInTables(stage.path, victim, payload(seed, size))).toBeNull();
      });
      return `${messages.length} messages were in the log alone`;
    },
  },
];

async function storeSome(stage: Stage, shard: number): Promise<Message[]> {
  const stores = Array.from({ length: COUNT }, () =>
    stage.ledger.store(stage.spool, idOnShard(shard, stage.shards), shard, 400, false),
  );
  return (await Promise.all(stores)).filter((message) => message !== null);
}

async function logs(stage: Stage, shard: number): Promise<Buffer> {
  return Buffer.concat(await Promise.all((await shardFiles(stage.path, shard, ".log")).map((file) => readFile(file))));
}
