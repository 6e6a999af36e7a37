import { crc32 } from "node:zlib";
import type { MessageLog } from "../log/message-log.ts";
import type { Place } from "../log/place.ts";
import { CorruptBodyError, decompress } from "./body-codec.ts";

/** Bodies with gaps up to this size are read by one call. */
const MAX_GAP_BYTES = 4096;
const MAX_READ_BYTES = 1024 * 1024;

/**
 * The messages at these places, in the same order. They are read in the order of the log, neighbours by one call, so a
 * message may be a view of a larger buffer. A message whose segment is gone or whose body is damaged gives an error.
 */
export function readBodies(log: MessageLog, places: readonly Place[]): (Uint8Array | CorruptBodyError)[] {
  const order = places.map((_, i) => i).sort((a, b) => compare(places[a] as Place, places[b] as Place));
  const bodies = new Array<Uint8Array | CorruptBodyError>(places.length);
  for (let from = 0; from < order.length; ) {
    const first = places[order[from] as number] as Place;
    let end = first.offset + first.storedLength;
    let to = from + 1;
    for (; to < order.length; to++) {
      const { segment, offset, storedLength } = places[order[to] as number] as Place;
      const isNear = segment === first.segment && offset - end <= MAX_GAP_BYTES;
      if (!isNear || offset + storedLength - first.offset > MAX_READ_BYTES) break;
      end = Math.max(end, offset + storedLength);
    }
    // Not from Buffer's pool: a message must not share its memory with unrelated buffers.
    const read = Buffer.allocUnsafeSlow(end - first.offset);
    const isThere = log.read(first.segment, first.offset, read);
    for (; from < to; from++) {
      const i = order[from] as number;
      const place = places[i] as Place;
      bodies[i] = isThere ? messageIn(read, place, first.offset) : readAlone(log, place);
    }
  }
  return bodies;
}

function readAlone(log: MessageLog, place: Place): Uint8Array | CorruptBodyError {
  const read = Buffer.allocUnsafeSlow(place.storedLength);
  if (log.read(place.segment, place.offset, read)) return messageIn(read, place, place.offset);
  return new CorruptBodyError(
    `the message log has no ${place.storedLength} bytes at ${place.offset} of segment ${place.segment}`,
  );
}

function messageIn(read: Buffer, place: Place, start: number): Uint8Array | CorruptBodyError {
  const body = read.subarray(place.offset - start, place.offset - start + place.storedLength);
  if (crc32(body) !== place.checksum) {
    return new CorruptBodyError(`the body at ${place.offset} of segment ${place.segment} does not match its checksum`);
  }
  try {
    const message = decompress(place.codec, body);
    if (message.byteLength === place.length) return message;
    return new CorruptBodyError(`the body decompresses to ${message.byteLength} bytes, and had ${place.length}`);
  } catch (error) {
    return error as CorruptBodyError;
  }
}

function compare(a: Place, b: Place): number {
  return a.segment - b.segment || a.offset - b.offset;
}
