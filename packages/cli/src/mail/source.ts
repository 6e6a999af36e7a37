import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { addAbortSignal } from "node:stream";
import type { Context } from "../context.ts";
import { UsageError } from "../errors.ts";
import { readStream } from "../stream/stream-reader.ts";
import { detectFormat } from "./detect.ts";
import { emlFiles } from "./eml.ts";
import { itemOfFile, itemsOfFiles } from "./file-list.ts";
import { type MailFormat, STANDARD_STREAM } from "./mail-format.ts";
import type { MailItem } from "./mail-item.ts";
import { maildirFiles } from "./maildir.ts";
import { readMbox } from "./mbox/mbox-reader.ts";

/** The chunk size when a file with many messages is read. */
const CHUNK_BYTES = 256 * 1024;

/** A file, a folder, or stdin. */
export interface MailSource {
  readonly path: string;
  readonly format: MailFormat;
}

export async function findSource(path: string, format: MailFormat | undefined): Promise<MailSource> {
  if (path === STANDARD_STREAM && (format === "maildir" || format === "eml")) {
    throw new UsageError("stdin can only be read as mbox or as a stream");
  }
  return { path, format: format ?? (await detectFormat(path)) };
}

/** Not destructured in a signature: reading the property `stdin` opens it. */
type Input = Pick<Context, "stdin" | "signal">;

/** All messages of a source, streaming. An abort ends it, with an error if it is waiting for bytes. */
export async function* itemsOf({ path, format }: MailSource, input: Input): AsyncGenerator<MailItem> {
  if (format === "mbox" || format === "stream") {
    const bytes =
      path === STANDARD_STREAM
        ? addAbortSignal(input.signal, input.stdin)
        : createReadStream(path, { highWaterMark: CHUNK_BYTES, signal: input.signal });
    const name = path === STANDARD_STREAM ? "stdin" : path;
    yield* format === "mbox" ? readMbox(bytes, name) : readStream(bytes, name);
  } else if (format === "maildir") {
    yield* itemsOfFiles(maildirFiles(path));
  } else if ((await stat(path)).isDirectory()) {
    yield* itemsOfFiles(emlFiles(path));
  } else {
    yield await itemOfFile(path);
  }
}

/** About the bytes of all messages (of an mbox file, with its From_ lines); null for stdin. */
export async function sizeOfSource(source: MailSource, input: Input): Promise<number | null> {
  if (source.path === STANDARD_STREAM) return null;
  if (source.format === "mbox" || source.format === "stream") return (await stat(source.path)).size;
  let bytes = 0;
  for await (const item of itemsOf(source, input)) {
    if (input.signal.aborted) break;
    bytes += item.bytes;
  }
  return bytes;
}
