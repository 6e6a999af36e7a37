import { read } from "node:fs";
import { open, readdir, readlink, realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { temporaryName } from "../files/file-names.ts";
import { replaceFile } from "../recovery/checked-file.ts";

/**
 * Files whose names are gone while somebody in this process has them open: their content is whole until that one closes
 * them.
 */

/** Linux shows here what each descriptor is open on. Elsewhere nothing is found. */
const DESCRIPTORS = "/proc/self/fd";
const REMOVED = " (deleted)";

const COPY_BYTES = 1024 * 1024;
const readAt = promisify(read);

/**
 * Gives files that are gone from the directory their names back, as far as a descriptor on them can be found: they were
 * removed, or went away with the directory, which the descriptor on it then finds in its new place.
 */
export async function restoreFromDescriptors(
  directory: string,
  directoryDescriptor: number,
  names: readonly string[],
): Promise<void> {
  const real = await realpath(directory);
  const place = await openOn(directoryDescriptor);
  const wanted = new Map<string, string>();
  for (const name of names) {
    for (const path of [join(real, name) + REMOVED, join(place, name), join(place, name) + REMOVED])
      wanted.set(path, join(real, name));
  }
  for (const descriptor of await readdir(DESCRIPTORS).catch(() => [])) {
    const found = await openOn(descriptor);
    const path = wanted.get(found);
    if (path === undefined) continue;
    const file = await open(join(DESCRIPTORS, descriptor), "r").catch(() => null);
    try {
      // The descriptor may have been closed and its number used again since it was looked at.
      if (file === null || (await openOn(file.fd)) !== found) continue;
      await writeFromDescriptor(file.fd, path);
    } finally {
      await file?.close();
    }
  }
}

/** Writes the whole content behind a descriptor to a file, synced before it has its name. */
export async function writeFromDescriptor(descriptor: number, path: string): Promise<void> {
  // As RocksDB names its own temporary files, which it removes when it opens.
  const temporary = join(dirname(path), temporaryName(basename(path)));
  const file = await open(temporary, "w");
  try {
    const buffer = Buffer.allocUnsafe(COPY_BYTES);
    // No stream: one that fails closes the descriptor, which is not ours, and whose number somebody else has by then.
    for (let at = 0; ; ) {
      const { bytesRead } = await readAt(descriptor, buffer, 0, COPY_BYTES, at);
      if (bytesRead === 0) break;
      await file.writeFile(buffer.subarray(0, bytesRead));
      at += bytesRead;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  await replaceFile(temporary, path);
}

/** What the descriptor is open on, as Linux names it. */
async function openOn(descriptor: string | number): Promise<string> {
  return readlink(join(DESCRIPTORS, String(descriptor))).catch(() => "");
}
