import { mkdirSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";
import { must } from "@rockspool/core";
import type { Event } from "./journal.ts";

/**
 * The files of a recorded process as its disk may hold them. Sure is what was synced: of a file its bytes, of a
 * directory its names. What came later may have reached the disk or not: bytes in their order, up to any one of them,
 * or only as a length with zeros in it, or page by page in any order, as the kernel writes them back; names in the
 * order in which a directory got them, which RocksDB takes for granted where it makes a MANIFEST and then renames
 * CURRENT, each directory by itself, or in their order over all, as a journaling file system keeps them.
 */
export interface Leaving {
  /** Of each file's bytes that are not sure. */
  readonly bytes: "none" | "all" | "torn" | "zeros" | "some pages";
  /** Of the names that are not sure. */
  readonly names: "none" | "all" | "some of each directory" | "oldest";
}

/** RocksDB's own, which no open reads. */
const DIARY = /^LOG(\.old\..*)?$/;

type Change = { readonly offset: number; readonly bytes: Buffer } | { readonly length: number };

class RecordedFile {
  readonly changes: Change[] = [];
  /** So many of the changes are on the disk. */
  sure = 0;

  /** What the first `count` changes make of it. */
  content(count = this.changes.length): Buffer {
    const changes = this.changes.slice(0, count);
    const ends = changes.map((change) =>
      "length" in change ? change.length : change.offset + change.bytes.byteLength,
    );
    const content = Buffer.alloc(Math.max(0, ...ends));
    let size = 0;
    for (const change of changes) {
      if ("length" in change) {
        content.fill(0, change.length);
        size = change.length;
      } else {
        change.bytes.copy(content, change.offset);
        size = Math.max(size, change.offset + change.bytes.byteLength);
      }
    }
    return content.subarray(0, size);
  }

  left({ bytes }: Leaving, random: () => number): Buffer {
    const { changes, sure } = this;
    const some = sure + Math.floor(random() * (changes.length + 1 - sure));
    const kept = bytes === "none" ? sure : bytes === "all" ? changes.length : some;
    const content = this.content(kept);
    const next = changes[kept];
    if (bytes === "zeros") {
      const { byteLength } = this.content();
      return byteLength > content.byteLength ? resized(content, byteLength) : content;
    }
    if (bytes === "some pages") return this.#somePages(random);
    if (bytes !== "torn" || next === undefined || "length" in next) return content;
    const piece = Math.floor(random() * next.bytes.byteLength);
    const torn = resized(content, Math.max(content.byteLength, next.offset + piece));
    next.bytes.copy(torn, next.offset, 0, piece);
    return torn;
  }

  /** Of each page with bytes that are not sure, those or what is sure. */
  #somePages(random: () => number): Buffer {
    const content = Buffer.from(this.content());
    const sure = resized(this.content(this.sure), content.byteLength);
    for (let at = 0; at < content.byteLength; at += PAGE_BYTES) {
      if (random() < 0.5) sure.copy(content, at, at, Math.min(at + PAGE_BYTES, content.byteLength));
    }
    return content;
  }
}

/** What the kernel writes back at a time. */
const PAGE_BYTES = 4096;

type Node = RecordedFile | RecordedDirectory;
type Names = Map<string, Node>;

interface NameChange {
  /** Its place among those of all directories. */
  readonly at: number;
  apply(names: Names): void;
}

class RecordedDirectory {
  readonly names: Names = new Map();
  readonly changes: NameChange[] = [];
  sure = 0;

  change(change: NameChange): void {
    change.apply(this.names);
    this.changes.push(change);
  }

  left({ names }: Leaving, oldest: number, random: () => number): Names {
    const { changes, sure } = this;
    const some = sure + Math.floor(random() * (changes.length + 1 - sure));
    const left: Names = new Map();
    for (const [index, change] of changes.entries()) {
      const lucky =
        names === "all" ||
        (names === "oldest" && change.at < oldest) ||
        (names === "some of each directory" && index < some);
      if (index < sure || lucky) change.apply(left);
    }
    return left;
  }
}

export class RecordedDisk {
  readonly root = new RecordedDirectory();
  readonly #nodes = new Map<bigint, Node>();
  readonly #syncs = new Map<number, { node: Node; count: number }>();
  #nameChanges = 0;

  /** One event further. */
  apply(event: Event): void {
    switch (event.kind) {
      case "opened":
        if (event.path === "") this.#nodes.set(event.inode, this.root);
        else if (event.created) this.#make(event.path, event.inode, new RecordedFile());
        else if (event.emptied) this.#file(event.inode).changes.push({ length: 0 });
        break;
      case "directory made":
        this.#make(event.path, event.inode, new RecordedDirectory());
        break;
      case "written":
        this.#file(event.inode).changes.push({ offset: event.offset, bytes: event.bytes });
        break;
      case "truncated":
        this.#file(event.inode).changes.push({ length: event.length });
        break;
      case "renamed":
        this.#rename(event.from, event.to);
        break;
      case "unlinked":
      case "directory removed": {
        const name = posix.basename(event.path);
        this.#parent(event.path).change({ at: this.#nameChanges++, apply: (names) => names.delete(name) });
        break;
      }
      case "sync began": {
        const node = must(this.#nodes.get(event.inode), "what is synced");
        this.#syncs.set(event.sync, { node, count: node.changes.length });
        break;
      }
      case "sync ended": {
        const { node, count } = must(this.#syncs.get(event.sync), "a sync that began");
        node.sure = Math.max(node.sure, count);
        break;
      }
    }
  }

  /** Writes what a power cut now may leave into `directory`, which is empty. */
  leave(directory: string, leaving: Leaving, random: () => number): void {
    const oldest = Math.floor(random() * (this.#nameChanges + 1));
    const write = (from: RecordedDirectory, to: string): void => {
      for (const [name, node] of from.left(leaving, oldest, random)) {
        if (DIARY.test(name)) continue;
        const path = join(to, name);
        if (node instanceof RecordedFile) writeFileSync(path, node.left(leaving, random));
        else {
          mkdirSync(path);
          write(node, path);
        }
      }
    };
    write(this.root, directory);
  }

  /** The file's whole content, synced or not; empty where there is none. */
  read(path: string): Buffer {
    const node = this.#parent(path).names.get(posix.basename(path));
    return node instanceof RecordedFile ? node.content() : Buffer.alloc(0);
  }

  #make(path: string, inode: bigint, node: Node): void {
    const name = posix.basename(path);
    this.#nodes.set(inode, node);
    this.#parent(path).change({ at: this.#nameChanges++, apply: (names) => names.set(name, node) });
  }

  #rename(from: string, to: string): void {
    const parent = this.#parent(to);
    if (parent !== this.#parent(from)) throw new Error(`a rename from one directory to another: ${from} to ${to}`);
    const [old, name] = [posix.basename(from), posix.basename(to)];
    const node = must(parent.names.get(old), "what is renamed");
    parent.change({
      at: this.#nameChanges++,
      apply: (names) => {
        if (names.get(old) === node) names.delete(old);
        names.set(name, node);
      },
    });
  }

  #parent(path: string): RecordedDirectory {
    let at = this.root;
    for (const name of path.split("/").slice(0, -1)) {
      const next = at.names.get(name);
      if (!(next instanceof RecordedDirectory)) throw new Error(`${path} is in no directory`);
      at = next;
    }
    return at;
  }

  #file(inode: bigint): RecordedFile {
    const node = this.#nodes.get(inode);
    if (!(node instanceof RecordedFile)) throw new Error(`inode ${inode} is no file`);
    return node;
  }
}

/** Cut, or with zeros at its end. */
function resized(content: Buffer, length: number): Buffer {
  if (length <= content.byteLength) return content.subarray(0, length);
  const longer = Buffer.alloc(length);
  content.copy(longer);
  return longer;
}
