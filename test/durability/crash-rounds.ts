import { openSpool } from "rockspool";
import { expect } from "vitest";
import { Child } from "../support/child.ts";
import { seededRandom } from "../support/random.mjs";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { FULL_SPEED } from "./children/plan.mjs";
import { OperationHistory } from "./operation-history.ts";

const FULL_FLIGHT_MS = { min: 10, max: 250 };
/** Node starts and the spool opens in about this time: a kill within it hits an opening, after a crash a recovery. */
const OPENING_MS = { min: 100, max: 500 };

const CHILD = new URL("./children/store-at-full-speed.mjs", import.meta.url);

/**
 * Kills a process that stores, replaces, removes and syncs at any moment, looks at what it left, and lets the next one
 * go on in the same directory.
 */
export async function killAtAnyMoment(rounds: number): Promise<void> {
  const seed = Number(process.env.ROCKSPOOL_TEST_SEED ?? Date.now() % 1_000_000);
  console.log(`ROCKSPOOL_TEST_SEED=${seed} repeats this run's plan and moments`);
  const random = seededRandom(seed);
  const path = await temporaryDirectory();
  const history = new OperationHistory(seed, FULL_SPEED);

  for (let round = 1; round <= rounds; round++) {
    const whileOpening = round % 5 === 0;
    const { min, max } = whileOpening ? OPENING_MS : FULL_FLIGHT_MS;
    const child = new Child(CHILD, [path, String(seed), String(history.next)]);
    try {
      if (!whileOpening) await child.line("open");
      const ended = await Promise.race([child.exit, moment(min + random() * (max - min))]);
      expect(ended, `round ${round}: the child ended by itself:\n${child.stderr}`).toBeUndefined();
    } finally {
      await child.kill();
    }
    history.ended(child.lines);

    // Sometimes a crash follows a crash, with nothing in between that could have repaired anything.
    if (round % 4 === 3) continue;
    await using spool = await openSpool({ path });
    await history.checkSpool(spool).catch((error: Error) => {
      throw new Error(`round ${round}, seed ${seed}: ${error.message}`, { cause: error });
    });
    if (round % 100 === 0) console.log(`${round} rounds: ${summary(history)}`);
  }

  console.log(`${rounds} processes killed: ${summary(history)}, none lost`);
  // Else the kills hit nothing.
  expect(history.acknowledged).toBeGreaterThan(rounds * 20);
  expect(history.unacknowledged).toBeGreaterThan(rounds);
}

function summary({ acknowledged, unacknowledged, notWritten, unknown }: OperationHistory): string {
  const rejected = `${notWritten} rejected as not-written, ${unknown} as unknown`;
  return `${acknowledged} operations acknowledged, ${rejected}, ${unacknowledged} cut off`;
}

/** Not a wait for something to be ready: the moment of the kill, which is to be any. */
function moment(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
