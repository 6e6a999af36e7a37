import { posix } from "node:path";

/** What `recorder.c` notes, in the order in which it happened. Paths are below the recorded directory, which is "". */
export type Event =
  | {
      readonly kind: "opened";
      readonly inode: bigint;
      readonly path: string;
      readonly created: boolean;
      readonly emptied: boolean;
    }
  | { readonly kind: "written"; readonly inode: bigint; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: "truncated"; readonly inode: bigint; readonly length: number }
  | { readonly kind: "renamed"; readonly from: string; readonly to: string }
  | { readonly kind: "unlinked"; readonly path: string }
  | { readonly kind: "directory made"; readonly inode: bigint; readonly path: string }
  | { readonly kind: "directory removed"; readonly path: string }
  | { readonly kind: "sync began"; readonly inode: bigint; readonly sync: number }
  | { readonly kind: "sync ended"; readonly inode: bigint; readonly sync: number }
  | { readonly kind: "failed"; readonly path: string };

const HEADER_BYTES = 32;

export function readJournal(journal: Buffer, root: string): Event[] {
  const events: Event[] = [];
  const below = (path: string): string => posix.relative(root, posix.normalize(path));
  for (let at = 0; at < journal.byteLength; ) {
    const pathBytes = journal.readUInt32LE(at + 24);
    const length = journal.readUInt32LE(at + 28);
    const path = journal.toString("utf8", at + HEADER_BYTES, at + HEADER_BYTES + pathBytes);
    const start = at + HEADER_BYTES + pathBytes;
    events.push(
      eventOf({
        kind: journal.readUInt32LE(at),
        detail: journal.readUInt32LE(at + 4),
        inode: journal.readBigUInt64LE(at + 8),
        offset: Number(journal.readBigUInt64LE(at + 16)),
        paths: path.split("\0").map(below),
        bytes: journal.subarray(start, start + length),
      }),
    );
    at = start + length;
  }
  return events;
}

interface JournalRecord {
  readonly kind: number;
  readonly detail: number;
  readonly inode: bigint;
  readonly offset: number;
  readonly paths: readonly string[];
  readonly bytes: Buffer;
}

function eventOf({ kind, detail, inode, offset, paths, bytes }: JournalRecord): Event {
  const [path = "", to = ""] = paths;
  switch (kind) {
    case 1:
      return { kind: "opened", inode, path, created: (detail & 1) !== 0, emptied: (detail & 2) !== 0 };
    case 2:
      return { kind: "written", inode, offset, bytes };
    case 3:
      return { kind: "truncated", inode, length: offset };
    case 4:
      return { kind: "renamed", from: path, to };
    case 5:
      return { kind: "unlinked", path };
    case 6:
      return { kind: "directory made", inode, path };
    case 7:
      return { kind: "directory removed", path };
    case 8:
      return { kind: "sync began", inode, sync: detail };
    case 9:
      return { kind: "sync ended", inode, sync: detail };
    case 11:
      return { kind: "failed", path };
    default:
      throw new Error(`a call that the recorder does not know how to note: ${paths.join()}`);
  }
}
