import { it } from "vitest";
import { checkModel } from "../model/check-model.ts";

/** So many runs share a seed, and a spool as long as none fails. */
const BLOCK_RUNS = 250;
/** Of so many blocks one is on RocksDB, which takes longer. */
const ROCKSDB_EVERY = 5;
const TIMEOUT_MS = 12 * 60 * 60_000;

const runs = Number(process.env.MODEL_RUNS ?? 10_000);
const seed = Number(process.env.MODEL_SEED ?? Date.now() % 0x7fff_ffff);

/** `MODEL_RUNS` and `MODEL_SEED` say how many and from where. */
it(
  `${runs} runs of random operations and faults against the model`,
  async () => {
    for (let done = 0, block = 0; done < runs; done += BLOCK_RUNS, block++) {
      const engine = block % ROCKSDB_EVERY === ROCKSDB_EVERY - 1 ? "rocksdb" : "memory";
      const start = performance.now();
      await checkModel(engine, { seed: seed + block, numRuns: Math.min(BLOCK_RUNS, runs - done) });
      const seconds = ((performance.now() - start) / 1000).toFixed(0);
      console.log(`seed ${seed + block}: ${Math.min(BLOCK_RUNS, runs - done)} runs ${engine}, ${seconds} s`);
    }
  },
  TIMEOUT_MS,
);
