import { PROOF_KEY } from "./batch-number.ts";
import type { Engine } from "./engine.ts";
import { toEngineError } from "./engine-error.ts";

/** Writes a record, syncs it, reads it back and removes it. `path`: the shard's directory, for errors. */
export async function proveEngine(engine: Engine, path: string): Promise<void> {
  const value = Buffer.from(`proof ${Date.now()}`);
  await engine.write((batch) => batch.put(PROOF_KEY, value));
  await engine.sync();
  const found = await engine.get(PROOF_KEY);
  if (found === null || !value.equals(found)) {
    throw toEngineError(new Error("the proof's record was not read back"), path);
  }
  await engine.write((batch) => batch.remove(PROOF_KEY));
}
