import { opendir, stat } from "node:fs/promises";
import { join } from "node:path";

const BLOCK_BYTES = 512;

/** What a folder takes on the disk, as `du` counts it. Files that vanish meanwhile are not counted. */
export async function diskUse(folder: string): Promise<number> {
  let bytes = 0;
  for await (const entry of await opendir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      bytes += await diskUse(path);
    } else {
      const found = await stat(path).catch(() => null);
      // Windows does not count blocks.
      if (found !== null) bytes += found.blocks === undefined ? found.size : found.blocks * BLOCK_BYTES;
    }
  }
  return bytes;
}
