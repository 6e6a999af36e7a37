import { type RocksSpool, SpoolEngineError } from "rockspool";
import { expect } from "vitest";
import { payload } from "../../support/payload.mjs";
import { shardFiles } from "../../support/shard-files.ts";
import { until } from "../../support/until.ts";
import { type Place, placeInSegments } from "../support/damage.ts";
import type { Message } from "../support/ledger.ts";
import { PATIENCE_MS, type Stage } from "../support/stage.ts";

/**
 * Something that happens to one shard of a spool under load. It ends with all shards serving again, under load or not,
 * and tells in a line what was seen; what is true of all of them is checked by `play`.
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
  await stage.expectEnumerated();
  expect(stage.acknowledged().filter((count, shard) => count <= (before[shard] as number))).toEqual([]);
  await stage.close();
  await stage.open();
  expect(stage.spool.health().map(({ state, latched }) => ({ state, latched }))).toEqual(
    Array.from({ length: stage.shards }, () => ({ state: "open", latched: false })),
  );
  await stage.expectKept();
  await stage.expectEnumerated();
  stage.ledger.turnPage();
  return seen;
}

/** A message of the cargo, and where its body lies in the shard's message log. */
export async function findCargo(stage: Stage, shard: number): Promise<{ message: Message; place: Place }> {
  const cargo = stage.cargo(shard);
  const from = Math.floor(stage.random() * (cargo.length - 2));
  const message = cargo.find(({ seed }, i) => i >= from && seed % 2 === 0) as Message;
  const bytes = payload(message.seed, message.size);
  const place = await until("the cargo is in a segment", () => placeInSegments(stage.path, shard, bytes), PATIENCE_MS);
  return { message, place };
}

/** The largest table of the shard's index, which holds the entries of the cargo. Nothing has read it yet. */
export async function tableOfIndex(stage: Stage, shard: number): Promise<string> {
  await stage.spool.compact();
  const [table] = await until(
    "the index has a table",
    async () => {
      const tables = await shardFiles(stage.path, shard, ".sst");
      return tables.length > 0 ? tables : null;
    },
    PATIENCE_MS,
  );
  return table as string;
}

/** Every message of the cargo loads, as it was stored. */
export async function expectCargo(stage: Stage, shard: number, when: string): Promise<void> {
  const loads = stage.cargo(shard).map((message) => stage.ledger.load(stage.spool, message));
  expect(
    (await Promise.all(loads)).every((came) => came),
    when,
  ).toBe(true);
}

/** Of damage: the engine's error, with a kind that has no harmless reading. */
export function expectDamage(error: unknown): SpoolEngineError {
  expect(error).toBeInstanceOf(SpoolEngineError);
  expect(error).toMatchObject({ kind: expect.stringMatching(/^(corruption|io)$/) });
  return error as SpoolEngineError;
}

export const DAMAGE = /^(corruption|io): /;

/**
 * Has damage found, and expects what everybody is told of it while the shard is latched for it. Resolves to what the
 * finder was told.
 */
export async function foundBy(
  find: (stage: Stage, victim: number) => Promise<unknown>,
  stage: Stage,
  victim: number,
): Promise<SpoolEngineError> {
  const finding = find(stage, victim);
  finding.catch(() => {});
  await stage.untilLatched(victim);
  await stage.expectRefused(victim, DAMAGE);
  return expectDamage(await finding);
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
      expect(entry.kind, "a table that cannot be read is no corrupt entry").toBe("item");
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

/** Enumerates everything, and returns the one entry that is corrupt. All cargo but that must come, whole. */
export async function corruptEntry(stage: Stage): Promise<{ readonly key: string; readonly error: Error }> {
  const missing = new Set(
    Array.from({ length: stage.shards }, (_, shard) => stage.cargo(shard))
      .flat()
      .map(({ id }) => String(id)),
  );
  const corrupt: { key: string; error: Error }[] = [];
  for await (const entry of inAnyOrder(stage.spool)) {
    if (entry.kind === "item") stage.ledger.expectSame(entry.id, entry.data);
    else corrupt.push({ key: String(entry.id), error: entry.error });
    missing.delete(String(entry.id));
  }
  expect([...missing], "every message came").toEqual([]);
  expect(corrupt).toHaveLength(1);
  return corrupt[0] as { key: string; error: Error };
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
