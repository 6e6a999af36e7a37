import { open, rename, rm } from "node:fs/promises";

export interface WholeFileOptions {
  /** The name it has until it is complete; on the same file system. */
  readonly temporary: string;
  /** Make sure it is on the disk before it gets its name. */
  readonly sync: boolean;
}

/** Writes a file under a temporary name and renames it when it is complete: a file of that name is always a whole one. */
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

/** Makes renames in a directory last. Windows cannot open a directory, and does not need to. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
