import { open, stat } from "node:fs/promises";
import { MailError } from "../errors.ts";
import { STREAM_MAGIC } from "../stream/stream-format.ts";
import { isEmlName } from "./eml.ts";
import { type MailFormat, STANDARD_STREAM } from "./mail-format.ts";
import { isMaildir } from "./maildir.ts";

/** Enough for `From ` or the name of the first header. */
const HEAD_BYTES = 256;
const MBOX_NAME = /\.(mbox|mbx)$/i;
const HEADER = /^[!-9;-~]+[ \t]*:/;

/** The format of a source, by its name, else by its first bytes. */
export async function detectFormat(path: string): Promise<MailFormat> {
  if (path === STANDARD_STREAM) return "mbox";
  const found = await stat(path);
  if (found.isDirectory()) return (await isMaildir(path)) ? "maildir" : "eml";
  if (isEmlName(path)) return "eml";
  const head = await headOf(path);
  if (head.startsWith(STREAM_MAGIC)) return "stream";
  if (head.startsWith("From ") || MBOX_NAME.test(path)) return "mbox";
  if (HEADER.test(head)) return "eml";
  throw new MailError("not recognised as an mbox file, a stream or a message: --format says what it is");
}

async function headOf(path: string): Promise<string> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.toString("latin1", 0, bytesRead).trimStart();
  } finally {
    await file.close();
  }
}
