import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { MAX_MESSAGE_BYTES } from "./limits.ts";
import { idIn, type MailItem, tooLarge } from "./mail-item.ts";

/** A message that is one file, byte for byte. */
export function fileItem(path: string, bytes: number): MailItem {
  return {
    name: path,
    bytes: bytes > MAX_MESSAGE_BYTES ? 0 : bytes,
    id: idIn(basename(path)),
    read: () => (bytes > MAX_MESSAGE_BYTES ? Promise.reject(tooLarge(bytes)) : readFile(path)),
  };
}

/** A file whose size cannot be read. Reading the message rejects, so the importer counts and reports it. */
export function brokenItem(path: string, error: unknown): MailItem {
  return { name: path, bytes: 0, id: null, read: () => Promise.reject(error) };
}
