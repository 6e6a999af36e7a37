import { openSpool } from "rockspool";
import { expect, it } from "vitest";
import { startChild } from "../support/child.ts";
import { entriesOf } from "../support/entries.ts";
import { seededRandom } from "../support/random.mjs";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { OperationHistory } from "./operation-history.ts";

const ROUNDS = 20;
const FULL_FLIGHT_MS = { min: 10, max: 250 };
/** Node starts and the spool opens in about this time: a kill within it hits an opening, after a crash a recovery. */
const OPENING_MS = { min: 100, max: 500 };

const CHILD = new URL("./children/store-at-full-speed.mjs", import.meta.url);

it(`a process killed in full flight, ${ROUNDS} times, loses nothing that was acknowledged and tears nothing`, async () => {
  const seed = Number(process.env.ROCKSPOOL_TEST_SEED ?? Date.now() % 1_000_000);
  console.log(`ROCKSPOOL_TEST_SEED=${seed} repeats this run's plan and moments`);
  const random = seededRandom(seed);
  const path = await temporaryDirectory();
  const history = new OperationHistory(seed);

  for (let round = 1; round <= ROUNDS; round++) {
    const whileOpening = round % 5 === 0;
    const { min, max } = whileOpening ? OPENING_MS : FULL_FLIGHT_MS;
    const child = startChild(CHILD, [path, String(seed), String(history.next)]);
    if (!whileOpening) await child.line("open");
    const ended = await Promise.race([child.exit, moment(min + random() * (max - min))]);
    expect(ended, `round ${round}: the child ended by itself:\n${child.stderr}`).toBeUndefined();
    await child.kill();
    history.ended(child.lines);

    // Sometimes a crash follows a crash, with nothing in between that could have repaired anything.
    if (round % 4 === 3) continue;
    await using spool = await openSpool({ path });
    expect(
      spool.health().map(({ state, reason }) => ({ state, reason })),
      `round ${round}, seed ${seed}`,
    ).toEqual([
      { state: "open", reason: null },
      { state: "open", reason: null },
    ]);
    history.check(await entriesOf(spool));
  }

  console.log(`${history.acknowledged} operations acknowledged, ${history.unacknowledged} cut off, none lost`);
  // Else the kills hit nothing.
  expect(history.acknowledged).toBeGreaterThan(ROUNDS * 100);
  expect(history.unacknowledged).toBeGreaterThan(ROUNDS);
}, 120_000);

/** Not a wait for something to be ready: the moment of the kill, which is to be any. */
function moment(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
