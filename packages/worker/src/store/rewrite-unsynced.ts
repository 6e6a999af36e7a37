import { bodiesOffset, type LogIdentity } from "../log/block-format.ts";
import { blocksFrom } from "../log/blocks-from.ts";
import type { InspectedLog } from "../log/log-inspection.ts";
import type { LogMark } from "../log/log-mark.ts";
import { SEGMENT_HEADER_BYTES } from "../log/segment-file.ts";
import type { MessageStore } from "./message-store.ts";

/**
 * Writes the blocks behind the last good sync again. After a failed sync the page cache may show data that the disk
 * does not have, and a further sync of it succeeds without writing.
 */
export async function rewriteUnsynced(
  store: MessageStore,
  identity: LogIdentity,
  mark: LogMark,
  log: InspectedLog,
): Promise<void> {
  for (const block of blocksFrom(store.log.directory, identity, log, endOf(mark))) {
    const body = Buffer.allocUnsafe(block.bytes - bodiesOffset(block.records));
    if (!store.log.read(block.segment, block.offset + bodiesOffset(block.records), body)) continue;
    await store.write([{ records: block.records, table: block.table, bodies: [body], bodyBytes: body.byteLength }]);
  }
}

/** The stretches that `rewriteUnsynced` copies. They become holes, because they may be missing on the disk. */
export function unsyncedStretches(
  mark: LogMark,
  { segments }: InspectedLog,
): [segment: number, from: number, to: number][] {
  const last = endOf(mark);
  return segments.flatMap(({ segment, end }) => {
    const from = segment === last.segment ? last.offset : SEGMENT_HEADER_BYTES;
    return segment < last.segment || from >= end ? [] : [[segment, from, end] as [number, number, number]];
  });
}

/** Up to here the mark says that the log is on the disk. */
function endOf({ segments }: LogMark): { segment: number; offset: number } {
  const [segment, offset] = segments.at(-1) ?? [0, 0];
  return { segment, offset };
}
