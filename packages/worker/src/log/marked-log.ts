import { closeSync, openSync } from "node:fs";
import { toEngineError } from "../engine/engine-error.ts";
import type { ShardFiles } from "../protocol/maintenance-protocol.ts";
import type { Loss } from "../protocol/protocol.ts";
import type { LogIdentity } from "./block-format.ts";
import { bootId } from "./boot-id.ts";
import { listSegments } from "./log-directory.ts";
import { type InspectedLog, inspectLog } from "./log-inspection.ts";
import { type LogMark, placeOf, readLogMark, unknownMark } from "./log-mark.ts";
import { SEGMENT_HEADER_BYTES, segmentOwner, segmentPath } from "./segment-file.ts";
import { readFully } from "./segment-scan.ts";

/** A shard's message log, compared with its mark. */
export interface MarkedLog {
  readonly identity: LogIdentity;
  /** Null if it is missing, damaged or another shard's. */
  readonly mark: LogMark | null;
  readonly log: InspectedLog;
  readonly loss: Loss | null;
  /** The boot that wrote the mark is still running, in the same place: the page cache was kept. */
  readonly sameBoot: boolean;
}

/** The log, or the loss that leaves nothing to read. Writes nothing. Throws a `SpoolEngineError` if reading fails. */
export async function inspectMarkedLog(files: ShardFiles): Promise<MarkedLog | Loss> {
  const { path, logPath, markPath, index } = files;
  let mark: LogMark | null = null;
  let loss: Loss | null = null;
  try {
    mark = await readLogMark(markPath);
    if (mark === null) loss = { reason: `the mark ${markPath} is missing`, missing: null };
  } catch (error) {
    loss = { reason: `the mark ${markPath} cannot be read: ${(error as Error).message}`, missing: null };
  }
  const missing = mark === null || mark.synced === 0 ? null : { from: 1, to: mark.synced };
  try {
    const segments = listSegments(logPath);
    const spool = files.spool ?? mark?.spool ?? ownerOf(logPath, segments);
    if (spool === null) return loss ?? { reason: "the message log is empty, and nothing says whose it is", missing };
    const identity = { spool, shard: index };
    const boot = bootId();
    const sameBoot = mark !== null && boot !== null && boot === mark.boot && placeOf(logPath) === mark.place;
    const log = inspectLog({ directory: logPath, identity, mark: mark ?? unknownMark(identity), sameBoot });
    loss ??= log.loss;
    return loss !== null && log.segments.length === 0 ? loss : { identity, mark, log, loss, sameBoot };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR") throw toEngineError(error, path);
    return { reason: "the directory of the message log is missing", missing };
  }
}

/** The spool that the first valid segment header names. */
function ownerOf(directory: string, segments: ReturnType<typeof listSegments>): string | null {
  for (const { segment } of segments) {
    const descriptor = openSync(segmentPath(directory, segment), "r");
    try {
      const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
      readFully(descriptor, bytes, 0);
      const owner = segmentOwner(bytes);
      if (owner !== null) return owner;
    } finally {
      closeSync(descriptor);
    }
  }
  return null;
}
