import { stat } from "node:fs/promises";
import { brokenItem, fileItem } from "./file-item.ts";
import type { MailItem } from "./mail-item.ts";

/** Files are stat()ed in batches of this size: one by one takes longer than reading small messages. */
const STAT_BATCH = 64;

/** A message for each file, with its size. A file that cannot be stat()ed becomes a `brokenItem`. */
export async function* itemsOfFiles(paths: AsyncIterable<string>): AsyncGenerator<MailItem> {
  let batch: string[] = [];
  for await (const path of paths) {
    batch.push(path);
    if (batch.length < STAT_BATCH) continue;
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
