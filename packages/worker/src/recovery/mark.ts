import { readChecked, replaceFile, writeChecked } from "./checked-file.ts";
import type { Evidence, LogBytes } from "./evidence.ts";

/**
 * A shard's mark: the newest batch number known to be synced, and the sizes that the shard's files had then. The file
 * is a sibling of the shard's directory, because RocksDB deletes files in its directory that it does not know.
 */
export interface Mark {
  readonly batch: number;
  readonly evidence: Evidence | null;
}

const VERSION = 1;

/** The JSON on disk calls a log's `syncedBeforeBytes` `vouchedBytes`. */
interface StoredMark {
  readonly version: number;
  readonly batch: number;
  readonly evidence: (Omit<Evidence, "logs"> & { readonly logs: readonly StoredLog[] }) | null;
}

type StoredLog = LogBytes & { readonly vouchedBytes?: number };

/** Replaces the mark atomically. One call at a time. */
export async function writeMark(path: string, { batch, evidence }: Mark): Promise<void> {
  const stored: StoredMark = {
    version: VERSION,
    batch,
    evidence: evidence && { ...evidence, logs: evidence.logs.map(toStoredLog) },
  };
  const temporary = `${path}.tmp`;
  await writeChecked(temporary, stored);
  await replaceFile(temporary, path);
}

/** Null if there is no mark. Throws if it is damaged. */
export async function readMark(path: string): Promise<Mark | null> {
  const stored = (await readChecked(path)) as StoredMark | null;
  if (stored === null) return null;
  const { version, batch, evidence } = stored;
  if (version !== VERSION) throw new Error(`it has version ${version}, and only ${VERSION} is known here`);
  return { batch, evidence: evidence && { ...evidence, logs: evidence.logs.map(fromStoredLog) } };
}

function toStoredLog({ syncedBeforeBytes, ...log }: Evidence["logs"][number]): StoredLog {
  return syncedBeforeBytes === undefined ? log : { ...log, vouchedBytes: syncedBeforeBytes };
}

function fromStoredLog({ vouchedBytes, ...log }: StoredLog): Evidence["logs"][number] {
  return vouchedBytes === undefined ? log : { ...log, syncedBeforeBytes: vouchedBytes };
}
