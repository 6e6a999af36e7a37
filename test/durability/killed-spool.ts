import { Child } from "../support/child.ts";
import type { SilentLoss } from "./losses.ts";

/** Makes a spool whose process was killed after everything in it was synced and its marks knew that. */
export async function makeKilledSpool(path: string, newer: SilentLoss["newer"]): Promise<void> {
  const child = new Child(new URL("./children/store-and-wait.mjs", import.meta.url), [path, newer]);
  try {
    await child.line("stored");
  } finally {
    await child.kill();
  }
}
