import { open, rename, rm } from "node:fs/promises";

export interface WholeFileOptions {
  /** The name of the file until it is complete. On the same file system. */
  readonly temporary: string;
  /** Sync the file before it is renamed. */
  readonly sync: boolean;
}

/** Writes a file under a temporary name and renames it when it is complete: a file named `path` is never partial. */
export async function writeWhole(path: string, data: Uint8Array, { temporary, sync }: WholeFileOptions): Promise<void> {
  try {
    const file = await open(temporary, "w");
    try {
      await file.writeFile(data);
      if (sync) await file.datasync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * Syncs a directory, so that the renames in it are durable. Windows cannot open directories, and does not need this.
 */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
