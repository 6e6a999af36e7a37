import fc from "fast-check";
import { onTestFinished, vi } from "vitest";
import { Run } from "./run.ts";
import { stepsOf } from "./sequences.ts";
import { World } from "./world.ts";

/** A pause of the spool before it opens a shard again; the test's own waits are shorter or longer. */
const isRestartPause = (ms: number): boolean => ms >= 100 && ms <= 30_000;

// Taken once: a second stub would find the first one.
const real = globalThis.setTimeout;

/** Runs of random steps against the model; a failure names its seed and the shortest steps found that fail. */
export async function checkModel(engine: "memory" | "rocksdb", options: fc.Parameters<[unknown]>): Promise<void> {
  // No spy: that would keep what each timer was to run.
  vi.stubGlobal("setTimeout", (run: () => void, ms = 0, ...rest: []) =>
    real(run, isRestartPause(ms) ? 1 : ms, ...rest),
  );
  let world: World | null = null;
  const end = async (): Promise<void> => {
    await world?.close();
    world = null;
  };
  onTestFinished(async () => {
    vi.unstubAllGlobals();
    await end();
  });
  const property = fc.asyncProperty(stepsOf(engine), async (taken) => {
    if (world === null) {
      world = new World(engine);
      await world.make();
    }
    try {
      await new Run(world).take(taken);
    } catch (error) {
      await end();
      throw error;
    }
  });
  await fc.assert(property, options as fc.Parameters<[Parameters<Run["take"]>[0]]>);
}
