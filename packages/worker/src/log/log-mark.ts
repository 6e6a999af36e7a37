import { statSync } from "node:fs";
import { readChecked, replaceFile, writeChecked } from "../files/checked-file.ts";
import type { LogIdentity } from "./block-format.ts";

/**
 * The mark: the manifest of a shard's message log, and what the index is known to hold. A small checked file beside the
 * shard's directories, replaced as a whole.
 */
export interface LogMark {
  readonly spool: string;
  readonly shard: number;
  /** The boot of the machine that wrote it (`bootId`); null if it is not known. */
  readonly boot: string | null;
  /** Device and inode of the log's directory. */
  readonly place: string;
  /** The shard was closed in good order: the index holds everything. */
  readonly clean: boolean;
  /** How often the shard was opened for writing. */
  readonly epoch: number;
  /** The live segments, oldest first, and how far each is on the disk. */
  readonly segments: readonly (readonly [segment: number, end: number])[];
  /** The newest block that is on the disk. */
  readonly synced: number;
  /** Stretches of live segments that do not count and are no loss, or an accepted one: segment, from, to. */
  readonly holes: readonly (readonly [segment: number, from: number, to: number])[];
  /** The name of the index's directory, beside the log's. */
  readonly index: string;
  /** The index has all blocks up to `block` in its tables: those that begin before `offset` of `segment`. */
  readonly applied: { readonly segment: number; readonly offset: number; readonly block: number };
  /** A sync of the log has failed: the page cache may show a write that the disk does not have. */
  readonly failed: boolean;
}

const VERSION = 2;

/** Written as a whole or not at all. One call at a time. */
export async function writeLogMark(path: string, mark: LogMark): Promise<void> {
  const temporary = `${path}.tmp`;
  await writeChecked(temporary, { version: VERSION, ...mark });
  await replaceFile(temporary, path);
}

/** Null if there is no mark. Throws if it is damaged. */
export async function readLogMark(path: string): Promise<LogMark | null> {
  const mark = (await readChecked(path)) as (LogMark & { version: number }) | null;
  if (mark === null) return null;
  if (mark.version !== VERSION) throw new Error(`it has version ${mark.version}, and only ${VERSION} is known here`);
  return mark;
}

/** Stands in for a mark that is missing or damaged. It names no segment, so every segment that exists is read. */
export function unknownMark({ spool, shard }: LogIdentity): LogMark {
  return {
    spool,
    shard,
    boot: null,
    place: "",
    clean: false,
    epoch: 0,
    segments: [],
    synced: 0,
    holes: [],
    index: "",
    applied: { segment: 0, offset: 0, block: 0 },
    failed: false,
  };
}

/** Device and inode: a directory that was copied, restored or replaced has others. */
export function placeOf(directory: string): string {
  const { dev, ino } = statSync(directory, { bigint: true });
  return `${dev}:${ino}`;
}
