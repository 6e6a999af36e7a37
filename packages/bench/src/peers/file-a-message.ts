import { type FileHandle, mkdir, open, readdir, readFile, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Peer, PeerOptions } from "./peer.ts";

/** Folders, so that none holds too many files. The byte of the key that changes fastest selects the folder. */
const FOLDERS = 256;
const FOLDER_BYTE = 3;
/** Concurrent reads of an enumeration. */
const MAX_READS = 64;

/**
 * One file for each message, as in traditional mail spools: written under a temporary name, then renamed. With
 * `synced`, the file is synced before the rename, and its folder after it.
 */
export async function openFileAMessage(options: PeerOptions): Promise<Peer> {
  const folders = Array.from({ length: FOLDERS }, (_, at) => join(options.directory, at.toString(16).padStart(2, "0")));
  await Promise.all(folders.map((folder) => mkdir(folder, { recursive: true })));
  const handles = options.synced ? await Promise.all(folders.map((folder) => open(folder, "r"))) : [];
  return new FilePeer(folders, handles);
}

class FilePeer implements Peer {
  readonly #folders: readonly string[];
  /** Of the folders, to sync them; empty without `synced`. */
  readonly #handles: readonly FileHandle[];

  constructor(folders: readonly string[], handles: readonly FileHandle[]) {
    this.#folders = folders;
    this.#handles = handles;
  }

  async store(key: Uint8Array, value: Uint8Array): Promise<void> {
    const path = this.#path(key);
    const temporary = `${path}.tmp`;
    const file = await open(temporary, "w");
    try {
      await file.write(value);
      if (this.#handles.length > 0) await file.datasync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await this.#handles[key[FOLDER_BYTE] as number]?.sync();
  }

  async load(key: Uint8Array): Promise<Uint8Array | null> {
    try {
      return await readFile(this.#path(key));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
  }

  async remove(key: Uint8Array): Promise<void> {
    try {
      await unlink(this.#path(key));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    await this.#handles[key[FOLDER_BYTE] as number]?.sync();
  }

  async enumerate(visit: (key: Uint8Array, value: Uint8Array) => void): Promise<void> {
    for (const folder of this.#folders) {
      const names = (await readdir(folder)).filter((name) => !name.endsWith(".tmp"));
      for (let at = 0; at < names.length; at += MAX_READS) {
        const group = names.slice(at, at + MAX_READS);
        const values = await Promise.all(group.map((name) => readFile(join(folder, name))));
        values.forEach((value, index) => {
          visit(Buffer.from(group[index] as string, "hex"), value);
        });
      }
    }
  }

  async settle(): Promise<void> {}

  async close(): Promise<void> {
    await Promise.all(this.#handles.map((handle) => handle.close()));
  }

  #path(key: Uint8Array): string {
    const name = Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("hex");
    return `${this.#folders[key[FOLDER_BYTE] as number]}/${name}`;
  }
}
