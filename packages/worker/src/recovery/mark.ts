import { readChecked, replaceFile, writeChecked } from "./checked-file.ts";
import type { Evidence } from "./evidence.ts";

/**
 * A shard's mark: the newest batch number known to be on the disk, and what the directory held then. It lies beside the shard's
 * directory, not in it, because RocksDB deletes files that it does not know.
 */
export interface Mark {
  readonly batch: number;
  readonly evidence: Evidence | null;
}

const VERSION = 1;

/** Written as a whole or not at all. One call at a time. */
export async function writeMark(path: string, mark: Mark): Promise<void> {
  const temporary = `${path}.tmp`;
  await writeChecked(temporary, { version: VERSION, ...mark });
  await replaceFile(temporary, path);
}

/** The mark; null where there is none. Throws for one that is damaged. */
export async function readMark(path: string): Promise<Mark | null> {
  const mark = (await readChecked(path)) as (Mark & { version: number }) | null;
  if (mark === null) return null;
  const { version, batch, evidence } = mark;
  if (version !== VERSION) throw new Error(`it has version ${version}, and only ${VERSION} is known here`);
  return { batch, evidence };
}
