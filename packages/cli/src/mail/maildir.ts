import { mkdir, opendir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { SpoolId } from "rockspool";
import { writeWhole } from "./whole-file.ts";

/**
 * The folders with delivered messages; `new` holds those that no mail reader has seen. Deliveries are written in `tmp`.
 */
const DELIVERED = ["new", "cur"] as const;

export async function isMaildir(path: string): Promise<boolean> {
  const found = await Promise.all(DELIVERED.map((name) => isDirectory(join(path, name))));
  return found.every(Boolean);
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false;
}

/** The messages of a Maildir, in no order. Folders in it (Maildir++, `.Sent`) are separate Maildirs and not read. */
export async function* maildirFiles(path: string): AsyncGenerator<string> {
  for (const name of DELIVERED) {
    for await (const entry of await opendir(join(path, name))) {
      if (!entry.isDirectory() && !entry.name.startsWith(".")) yield join(path, name, entry.name);
    }
  }
}

export async function createMaildir(path: string): Promise<void> {
  for (const name of ["tmp", ...DELIVERED]) await mkdir(join(path, name), { recursive: true });
}

/**
 * Delivers one message as Maildir requires: written in `tmp`, then moved to `new`. The name (`time.unique.host`)
 * depends only on the id, so a second export of a message replaces the first instead of adding a copy.
 */
export async function deliver(path: string, id: SpoolId, data: Uint8Array, sync: boolean): Promise<void> {
  const name = `${Math.floor(id.created.getTime() / 1000)}.${id}.rockspool`;
  await writeWhole(join(path, "new", name), data, { temporary: join(path, "tmp", name), sync });
}
