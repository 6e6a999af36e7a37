import { type RocksSpool, SpoolEngineError } from "rockspool";
import { expect } from "vitest";
import { payload } from "../../support/payload.mjs";
import { until } from "../../support/until.ts";
import { type Place, placeInTables } from "../support/damage.ts";
import type { Message } from "../support/ledger.ts";
import { PATIENCE_MS, type Stage } from "../support/stage.ts";

/**
 * A failure of one shard of a spool under load. It ends with all shards serving again, with or without load, and
 * resolves to one line about what was seen. `play` checks what holds for every scenario.
 */
export interface Scenario {
  readonly name: string;
  run(stage: Stage, victim: number): Promise<string>;
}

/**
 * The scenario on a freshly opened stage; afterwards, and after one more restart, everything that was acknowledged is
 * there.
 */
export async function play({ run }: Scenario, stage: Stage, victim: number): Promise<string> {
  const before = stage.acknowledged();
  stage.startLoad();
  stage.watch(victim);
  const running = run(stage, victim);
  // One lie is enough, whatever the scenario still waits for.
  running.catch(() => {});
  const lie = stage.ledger.firstLie.then((what) => expect.fail(what));
  const seen = await Promise.race([running, lie]);
  stage.expectOthersUntouched(victim);
  await stage.expectKept();
  expect(stage.acknowledged().filter((count, shard) => count <= (before[shard] as number))).toEqual([]);
  await stage.close();
  await stage.open();
  expect(stage.spool.health().map(({ state, latched }) => ({ state, latched }))).toEqual(
    Array.from({ length: stage.shards }, () => ({ state: "open", latched: false })),
  );
  await stage.expectKept();
  stage.ledger.turnPage();
  return seen;
}

/** A message of the cargo, and where it lies in the shard's tables: on the disk, and in no cache. */
export async function cargoInTable(stage: Stage, shard: number): Promise<{ message: Message; place: Place }> {
  await stage.spool.compact();
  return findCargo(stage, shard);
}

export async function findCargo(stage: Stage, shard: number): Promise<{ message: Message; place: Place }> {
  const cargo = stage.cargo(shard);
  const from = Math.floor(stage.random() * (cargo.length - 2));
  const message = cargo.find(({ seed }, i) => i >= from && seed % 2 === 0) as Message;
  const bytes = payload(message.seed, message.size);
  const place = await until("the cargo is in a table", () => placeInTables(stage.path, shard, bytes), PATIENCE_MS);
  return { message, place };
}

/** Of damage: the engine's error, with a kind that has no harmless reading. */
export function expectDamage(error: unknown): SpoolEngineError {
  expect(error).toBeInstanceOf(SpoolEngineError);
  expect(error).toMatchObject({ kind: expect.stringMatching(/^(corruption|io)$/) });
  return error as SpoolEngineError;
}

export const DAMAGE = /^(corruption|io): /;

/**
 * Has damage detected by `find`, and checks what callers see while the shard is latched for it. `find` may reject
 * later, after the other shards have finished, and the shard may be proved by then. Resolves to what `find` rejected
 * with.
 */
export async function foundBy(
  find: (stage: Stage, victim: number) => Promise<unknown>,
  stage: Stage,
  victim: number,
): Promise<SpoolEngineError> {
  const found = find(stage, victim);
  found.catch(() => {});
  await stage.untilLatched(victim);
  await stage.expectRefused(victim, DAMAGE);
  return expectDamage(await found);
}

/**
 * Enumerates everything, and returns what it failed with. Of the shards other than the damaged one all cargo must have
 * come before.
 */
export async function failureOfEnumeration(stage: Stage, victim: number): Promise<SpoolEngineError> {
  const missing = new Set<string>();
  for (let shard = 0; shard < stage.shards; shard++)
    if (shard !== victim) for (const { id } of stage.cargo(shard)) missing.add(String(id));
  try {
    for await (const entry of inAnyOrder(stage.spool)) {
      expect(entry.kind, "a block that fails is no corrupt entry").toBe("item");
      if (entry.kind === "item") stage.ledger.expectSame(entry.id, entry.data);
      missing.delete(String(entry.id));
    }
  } catch (error) {
    const failure = expectDamage(error);
    expect(failure.shards).toEqual([victim]);
    expect([...missing], "all of the other shards came first").toEqual([]);
    return failure;
  }
  return expect.fail("the enumeration met no damage");
}

const inAnyOrder = (spool: RocksSpool) => spool.enumerate({ createdBefore: new Date(Date.now() + 60_000) });

/**
 * The ids of the shard's messages that cannot be loaded now, which must be some and not all. For a load that stands
 * still.
 */
export async function unreadable(stage: Stage, shard: number): Promise<Set<string>> {
  const lost = new Set<string>();
  const messages = stage.ledger.acknowledgedOn(shard);
  await Promise.all(
    messages.map(async (message) => {
      if (!(await stage.ledger.load(stage.spool, message))) lost.add(String(message.id));
    }),
  );
  expect(lost.size).toBeGreaterThan(0);
  expect(lost.size).toBeLessThan(messages.length);
  return lost;
}
