import { stat } from "node:fs/promises";
import { brokenItem, fileItem } from "./file-item.ts";
import type { MailItem } from "./mail-item.ts";

/** Sizes are asked for this many files at a time: one by one costs more than reading small messages does. */
const STATS_AT_A_TIME = 64;

/** Files as messages, their sizes known. A file that is gone, or may not be looked at, is a broken message, not the end. */
export async function* itemsOfFiles(paths: AsyncIterable<string>): AsyncGenerator<MailItem> {
  let batch: string[] = [];
  for await (const path of paths) {
    batch.push(path);
    if (batch.length < STATS_AT_A_TIME) continue;
    yield* await Promise.all(batch.map(itemOfFile));
    batch = [];
  }
  yield* await Promise.all(batch.map(itemOfFile));
}

export async function itemOfFile(path: string): Promise<MailItem> {
  try {
    return fileItem(path, (await stat(path)).size);
  } catch (error) {
    return brokenItem(path, error);
  }
}
