import { opendir, stat } from "node:fs/promises";
import { join } from "node:path";

const BLOCK_BYTES = 512;

/** Bytes that a folder takes on the disk, as `du` counts them. A file that is deleted during the count is left out. */
export async function diskUse(folder: string): Promise<number> {
  let bytes = 0;
  for await (const entry of await opendir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      bytes += await diskUse(path);
    } else {
      const found = await stat(path).catch(() => null);
      // Windows reports no blocks.
      if (found !== null) bytes += found.blocks === undefined ? found.size : found.blocks * BLOCK_BYTES;
    }
  }
  return bytes;
}
