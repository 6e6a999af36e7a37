import type { Engine } from "../engine/engine.ts";

/** Does the work; if that fails, closes the index. */
export async function closingOnError<T>(index: Engine, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await index.close().catch(() => {});
    throw error;
  }
}
