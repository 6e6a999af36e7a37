import { expect, it } from "vitest";
import { seededRandom } from "../support/random.mjs";
import { until } from "../support/until.ts";
import { scenarios } from "./scenarios/all.ts";
import { fullDisk } from "./scenarios/full-disk.ts";
import { play, type Scenario } from "./scenarios/scenario.ts";
import { PATIENCE_MS, Stage } from "./support/stage.ts";
import { cannotMount } from "./support/tmpfs.ts";

const SHARDS = 4;
/** What the load has stored in a shard before the next thing happens to it: up to so many messages. */
const MAX_LEAD = 300;

const seed = Number(process.env.CHAOS_SEED);
const minutes = Number(process.env.CHAOS_MINUTES);

it(`whatever happens to one of ${SHARDS} shards, for ${minutes} minutes`, async () => {
  const rerun = `npm run chaos -- --seed ${seed} --minutes ${minutes}`;
  console.log(`seed ${seed}: ${rerun}`);
  if (cannotMount !== null) console.log(`left out: ${fullDisk.name} (${cannotMount})`);
  const random = seededRandom(seed);
  const below = (count: number): number => Math.floor(random() * count);
  const pool = cannotMount === null ? [...scenarios, fullDisk] : scenarios;
  const counts = new Map<string, number>();
  await using stage = await Stage.open(SHARDS, { random });

  const end = performance.now() + minutes * 60_000;
  for (let round = 1; performance.now() < end; round++) {
    const scenario = pool[below(pool.length)] as Scenario;
    const victim = below(SHARDS);
    const lead = below(MAX_LEAD);
    const began = performance.now();
    try {
      stage.startLoad();
      const goal = (stage.acknowledged()[victim] ?? 0) + lead;
      await until("the load has stored", () => (stage.acknowledged()[victim] ?? 0) >= goal, PATIENCE_MS);
      const seen = await play(scenario, stage, victim);
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      console.log(
        `${round}. shard ${victim}: ${scenario.name} (${seconds} s): ${seen.replace(/\s+/g, " ").slice(0, 160)}`,
      );
      counts.set(scenario.name, (counts.get(scenario.name) ?? 0) + 1);
    } catch (error) {
      console.log(`${round}. shard ${victim}: ${scenario.name}: FAILED\n${stage.report()}\nseed ${seed}: ${rerun}`);
      throw error;
    }
  }
  for (const [name, count] of counts) console.log(`${count} × ${name}`);
  const stored = stage.acknowledged().reduce((sum, count) => sum + count, 0);
  console.log(`${stored} messages were acknowledged, and none of them was lost. Seed ${seed}.`);
  expect(stage.ledger.lies).toEqual([]);
});
