import { Child } from "../support/child.ts";

/** Where the index of a killed spool holds the places of the newer messages: in a memtable, or flushed to a table. */
export type NewerPlaces = "log" | "flush";

/** Makes a spool whose process was killed after everything in it was synced and its marks knew that. */
export async function makeKilledSpool(path: string, newer: NewerPlaces): Promise<void> {
  const child = new Child(new URL("./children/store-and-wait.mjs", import.meta.url), [path, newer]);
  try {
    await child.line("stored");
  } finally {
    await child.kill();
  }
}
