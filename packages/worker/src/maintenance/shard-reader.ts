import { closeSync, openSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { SPOOL_ID_BYTES, SpoolId, shardOf, WRITE_RECORD_BYTES, WriteField, WriteOp } from "@rockspool/core";
import { toEngineError } from "../engine/engine-error.ts";
import { isReservedKey } from "../engine/reserved-keys.ts";
import { bodiesOffset } from "../log/block-format.ts";
import { blocksFrom } from "../log/blocks-from.ts";
import { inspectMarkedLog, type MarkedLog } from "../log/marked-log.ts";
import { segmentName, segmentPath } from "../log/segment-file.ts";
import { readFully, type ScannedBlock } from "../log/segment-scan.ts";
import type { ReadShardTask, ShardRecord, ShardVerdict } from "../protocol/maintenance-protocol.ts";
import type { Loss } from "../protocol/protocol.ts";
import { decompress } from "../store/body-codec.ts";
import { LivePlaces } from "./live-places.ts";

/**
 * Reads a shard's message log without the index, and changes no file. A first pass over the record tables finds the
 * newest version of each id; a second one reads those. The last record is the verdict.
 */
export async function* readShard(task: ReadShardTask): AsyncGenerator<ShardRecord> {
  let error: Error | null = null;
  let loss: Loss | null = null;
  let source: ShardVerdict["source"] = "nothing";
  try {
    const opened = await inspectMarkedLog(task);
    if ("log" in opened) {
      source = "log";
      const damage: Damage[] = [];
      const records = recordsOf(task, opened, damage);
      if (task.mode === "verify") yield* counted(records);
      else yield* records;
      loss = opened.loss ?? lossOf(damage);
    } else loss = opened;
  } catch (failure) {
    error = toEngineError(failure, task.path);
  }
  const reasons = [loss?.reason, error?.message].filter((reason) => reason !== undefined);
  yield {
    kind: "verdict",
    state: error !== null || source === "nothing" ? "unreadable" : loss === null ? "sound" : "loss",
    reason: reasons.length === 0 ? null : reasons.join("; "),
    missing: loss?.missing ?? null,
    source,
  };
}

interface Damage {
  readonly segment: number;
  readonly from: number;
  readonly to: number;
}

export function lossOf(damage: readonly { segment: number; from: number; to: number }[]): Loss | null {
  if (damage.length === 0) return null;
  const parts = damage.map(({ segment, from, to }) => `${segmentName(segment)} from ${from} to ${to}`);
  return { reason: `the message log is damaged: ${parts.join("; ")}`, missing: null };
}

/** Stretches that hold no valid block and are no holes. */
export function damageOf({ identity, log }: MarkedLog, logPath: string): Damage[] {
  const damage: Damage[] = [];
  for (const _ of blocksOf(logPath, { identity, log }, damage)) void _;
  return damage;
}

function blocksOf(
  logPath: string,
  { identity, log }: Pick<MarkedLog, "identity" | "log">,
  damage: Damage[],
): Generator<ScannedBlock> {
  return blocksFrom(logPath, identity, log, { segment: 0, offset: 0 }, (segment, { from, to }) => {
    damage.push({ segment, from, to });
  });
}

async function* recordsOf(task: ReadShardTask, opened: MarkedLog, damage: Damage[]): AsyncGenerator<ShardRecord> {
  const { logPath } = task;
  const live = new LivePlaces();
  for (const block of blocksOf(logPath, opened, damage)) {
    for (const { op, id, offset } of recordsIn(block)) {
      if (op === WriteOp.Store) live.set(id, block.segment, offset);
      else if (op === WriteOp.Remove) live.remove(id);
    }
  }
  for (const { segment, from, to } of damage) {
    const why = "no block is here whose checksum is valid";
    yield { kind: "damage", file: segmentPath(logPath, segment), offset: from, length: to - from, why };
  }
  const doubtfulTo = lastGap(opened, damage);
  let descriptor = null as { readonly segment: number; readonly fd: number } | null;
  try {
    for (const block of blocksOf(logPath, opened, [])) {
      if (descriptor?.segment !== block.segment) {
        if (descriptor !== null) closeSync(descriptor.fd);
        descriptor = { segment: block.segment, fd: openSync(segmentPath(logPath, block.segment), "r") };
      }
      const doubtful =
        block.segment < doubtfulTo.segment ||
        (block.segment === doubtfulTo.segment && block.offset < doubtfulTo.offset);
      for (const record of recordsIn(block)) {
        const { op, id, offset } = record;
        if (op !== WriteOp.Store || isReservedKey(id) || !live.isAt(id, block.segment, offset)) continue;
        yield toRecord(task, descriptor.fd, record, doubtful);
      }
      // Reading is synchronous: messages and timers are served after each block.
      await setImmediate();
    }
  } finally {
    if (descriptor !== null) closeSync(descriptor.fd);
  }
}

/** The newest gap. A message older than a gap may have been removed or replaced in it. */
function lastGap({ mark, log }: MarkedLog, damage: readonly Damage[]): { segment: number; offset: number } {
  const live = new Set(log.segments.map(({ segment }) => segment));
  const missing = (mark?.segments ?? []).filter(([segment]) => !live.has(segment)).map(([segment]) => segment);
  const cut = (mark?.segments ?? []).flatMap(([segment, end]) => {
    const found = log.segments.find((one) => one.segment === segment);
    return found !== undefined && found.end < end ? [{ segment, offset: found.end }] : [];
  });
  const gaps = [
    ...missing.map((segment) => ({ segment, offset: 0 })),
    ...cut,
    ...damage.map(({ segment, from }) => ({ segment, offset: from })),
  ];
  return gaps.reduce(
    (last, gap) =>
      gap.segment > last.segment || (gap.segment === last.segment && gap.offset > last.offset) ? gap : last,
    { segment: 0, offset: 0 },
  );
}

interface LogRecord {
  readonly op: number;
  readonly id: Buffer;
  /** Offset of the body in the segment. */
  readonly offset: number;
  readonly storedLength: number;
  readonly length: number;
  readonly checksum: number;
  readonly codec: number;
}

function* recordsIn({ offset, records, table }: ScannedBlock): Generator<LogRecord> {
  let body = offset + bodiesOffset(records);
  for (let at = 0; at < records * WRITE_RECORD_BYTES; at += WRITE_RECORD_BYTES) {
    const storedLength = table.readUInt32LE(at + WriteField.StoredLength);
    yield {
      op: table[at + WriteField.Op] as number,
      id: table.subarray(at + WriteField.Id, at + WriteField.Id + SPOOL_ID_BYTES),
      offset: body,
      storedLength,
      length: table.readUInt32LE(at + WriteField.Length),
      checksum: table.readUInt32LE(at + WriteField.Checksum),
      codec: table[at + WriteField.Codec] as number,
    };
    body += storedLength;
  }
}

function toRecord(
  { index, shards }: ReadShardTask,
  descriptor: number,
  record: LogRecord,
  doubtful: boolean,
): ShardRecord {
  const { id, offset, storedLength, length, checksum, codec } = record;
  const corrupt = (why: string): ShardRecord => ({ kind: "corrupt", key: id, why });
  if (SpoolId.tryFromBytes(id) === null) return corrupt("its key is no SpoolId");
  if (shards !== null && shardOf(id, shards) !== index) return corrupt(`it belongs to shard ${shardOf(id, shards)}`);
  const body = Buffer.allocUnsafeSlow(storedLength);
  if (readFully(descriptor, body, offset) < storedLength || crc32(body) !== checksum) {
    return corrupt("its body does not match its checksum");
  }
  try {
    const data = decompress(codec, body);
    if (data.byteLength !== length)
      return corrupt(`its body decompresses to ${data.byteLength} bytes, and had ${length}`);
    return { kind: "message", id, data, doubtful };
  } catch (error) {
    return corrupt((error as Error).message);
  }
}

/** Messages in a `counted` record. */
const COUNT_EVERY = 1000;

/** Replaces messages by counts of messages and bytes. */
async function* counted(records: AsyncIterable<ShardRecord>): AsyncGenerator<ShardRecord> {
  let messages = 0;
  let bytes = 0;
  const takeCounts = (): ShardRecord => {
    const record: ShardRecord = { kind: "counted", messages, bytes };
    messages = bytes = 0;
    return record;
  };
  let failure: { readonly error: unknown } | null = null;
  try {
    for await (const record of records) {
      if (record.kind !== "message") {
        yield record;
        continue;
      }
      bytes += record.data.byteLength;
      if (++messages === COUNT_EVERY) yield takeCounts();
    }
  } catch (error) {
    failure = { error };
  }
  // The messages before the failure count too.
  if (messages > 0) yield takeCounts();
  if (failure !== null) throw failure.error;
}
