import { opendir } from "node:fs/promises";
import { join } from "node:path";
import type { SpoolId } from "rockspool";
import { writeWhole } from "./whole-file.ts";

const EML = /\.eml$/i;

export function isEmlName(path: string): boolean {
  return EML.test(path);
}

/**
 * All `.eml` files in a folder and its subfolders, in no order. Links to folders are not followed: they could form a
 * cycle.
 */
export async function* emlFiles(folder: string): AsyncGenerator<string> {
  for await (const entry of await opendir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* emlFiles(path);
    else if (isEmlName(entry.name)) yield path;
  }
}

/** Until the file is complete, its name is hidden and does not end with `.eml`: an import of the folder skips it. */
export async function writeEml(folder: string, id: SpoolId, data: Uint8Array, sync: boolean): Promise<void> {
  await writeWhole(join(folder, `${id}.eml`), data, { temporary: join(folder, `.${id}.part`), sync });
}
