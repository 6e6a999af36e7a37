import type { Checksums } from "../checksum.ts";

/**
 * Checksum, length, type; in logs whose file was used before, 32 bits of the log's number follow. The checksum begins
 * with the type.
 */
export const HEADER_BYTES = 7;
const AT = { checksum: 0, length: 4, type: 6, logNumber: 7 };
const RECYCLABLE_HEADER_BYTES = 11;

const KINDS = ["full", "first", "middle", "last"] as const;
const FIRST_RECYCLABLE = 5;
const LAST_RECYCLABLE = 8;
/**
 * From here on the lowest bit tells whether a type has the longer header. First come sizes of time stamps, which
 * rockspool has none of.
 */
const TIMESTAMP_SIZES = 10;
/** Who does not know a type from here on may ignore it, such as what is known of the log before (130, 131). */
const FIRST_IGNORABLE = 128;

/**
 * A part of a record. `stale`: from an earlier use of the file, whose end this is; `filler`: the rest of the block is
 * empty.
 */
export interface Fragment {
  readonly kind: (typeof KINDS)[number] | "ignored" | "stale" | "filler";
  readonly payload: Buffer;
  /** With the header. */
  readonly bytes: number;
}

/** What stands at `at` in a block of the log with this number; a string says why nothing can be read there. */
export function readFragment(block: Buffer, at: number, logNumber: number, checksums: Checksums): Fragment | string {
  const rest = block.subarray(at);
  if (rest.byteLength < HEADER_BYTES) return "the log ends within a record";
  const type = rest[AT.type]!;
  const recyclable = isRecyclable(type);
  const header = recyclable ? RECYCLABLE_HEADER_BYTES : HEADER_BYTES;
  const bytes = header + rest.readUInt16LE(AT.length);
  if (type === 0 && rest.byteLength < RECYCLABLE_HEADER_BYTES)
    return { kind: "filler", payload: rest, bytes: rest.byteLength };
  if (bytes > rest.byteLength) return "a record is longer than what is there of its block";
  if (checksums.maskedCrc32c(rest.subarray(AT.type, bytes)) !== rest.readUInt32LE(AT.checksum))
    return "a record's checksum does not match";
  const payload = rest.subarray(header, bytes);
  if (recyclable && rest.readUInt32LE(AT.logNumber) !== logNumber) return { kind: "stale", payload, bytes };
  const kind = KINDS[type - (recyclable ? FIRST_RECYCLABLE : 1)];
  if (kind !== undefined) return { kind, payload, bytes };
  if ((type | 1) === (TIMESTAMP_SIZES | 1) || type >= FIRST_IGNORABLE) return { kind: "ignored", payload, bytes };
  return `a record is of type ${type}`;
}

function isRecyclable(type: number): boolean {
  return type < TIMESTAMP_SIZES ? type >= FIRST_RECYCLABLE && type <= LAST_RECYCLABLE : type % 2 === 1;
}
