import { mkdir, opendir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { SpoolId } from "rockspool";
import { writeWhole } from "./whole-file.ts";

/** Where delivered messages are: `new` holds those that no reader has seen. `tmp` is for those being delivered. */
const DELIVERED = ["new", "cur"] as const;

export async function isMaildir(path: string): Promise<boolean> {
  const found = await Promise.all(DELIVERED.map((name) => isDirectory(join(path, name))));
  return found.every(Boolean);
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false;
}

/** The files of a Maildir, in no order. Folders inside it (Maildir++, `.Sent`) are Maildirs of their own and not entered. */
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
 * Delivers one message as the Maildir convention has it: written in `tmp`, then moved to `new`. The name (`time.unique.host`)
 * depends on the id alone, so that exporting a message again replaces it instead of doubling it.
 */
export async function deliver(path: string, id: SpoolId, data: Uint8Array, sync: boolean): Promise<void> {
  const name = `${Math.floor(id.created.getTime() / 1000)}.${id}.rockspool`;
  await writeWhole(join(path, "new", name), data, { temporary: join(path, "tmp", name), sync });
}
