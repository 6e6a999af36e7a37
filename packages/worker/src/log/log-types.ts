import type { LogIdentity } from "./block-format.ts";

/** Where a block was appended. */
export interface BlockPlace {
  readonly segment: number;
  /** Of the block's header. */
  readonly offset: number;
  readonly block: number;
}

/** A point between two blocks: all blocks up to `block` lie before it. */
export interface LogPosition {
  readonly segment: number;
  readonly offset: number;
  readonly block: number;
}

/** The content of a block. */
export interface BlockParts {
  readonly records: number;
  /** The table, with codec, stored length and checksum of each body. */
  readonly table: Buffer;
  /** The bodies, in the order of the table. */
  readonly bodies: readonly Uint8Array[];
  readonly bodyBytes: number;
}

export interface LogStart {
  readonly directory: string;
  /** The shard's directory, for errors. */
  readonly path: string;
  readonly identity: LogIdentity;
  readonly epoch: number;
  /** The existing segments, oldest first, and where the blocks of each end. */
  readonly segments: readonly { readonly segment: number; readonly end: number }[];
  /** The number that the next segment gets. */
  readonly nextSegment: number;
  /** The newest block of the log. */
  readonly block: number;
  readonly segmentBytes: number;
  /** `fsync` instead of `fdatasync`. */
  readonly fullSync: boolean;
}
