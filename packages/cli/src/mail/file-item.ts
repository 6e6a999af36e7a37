import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { MAX_MESSAGE_BYTES } from "./limits.ts";
import { idIn, type MailItem, tooLarge } from "./mail-item.ts";

/** A message that is a file of its own, byte for byte. */
export function fileItem(path: string, bytes: number): MailItem {
  return {
    name: path,
    bytes: bytes > MAX_MESSAGE_BYTES ? 0 : bytes,
    id: idIn(basename(path)),
    read: () => (bytes > MAX_MESSAGE_BYTES ? Promise.reject(tooLarge(bytes)) : readFile(path)),
  };
}

/** A file that could not even be looked at: it is counted and reported where its message would have been. */
export function brokenItem(path: string, error: unknown): MailItem {
  return { name: path, bytes: 0, id: null, read: () => Promise.reject(error) };
}
