import { stat } from "node:fs/promises";
import { UsageError } from "../errors.ts";
import { StreamEncoding } from "../stream/stream-encoding.ts";
import { isStreamName } from "../stream/stream-format.ts";
import type { Output } from "../terminal/output.ts";
import { type FileEncoding, FileTarget, OutputTarget } from "./file-target.ts";
import { FolderTarget } from "./folder-target.ts";
import { type MailFormat, STANDARD_STREAM } from "./mail-format.ts";
import type { MailTarget } from "./mail-target.ts";
import { isMaildir } from "./maildir.ts";
import { mboxEncoding } from "./mbox/mbox-writer.ts";

export interface TargetOptions {
  readonly format: MailFormat | undefined;
  /** Replace an existing file. */
  readonly force: boolean;
  readonly sync: boolean;
}

export async function chooseTarget(path: string, options: TargetOptions, out: Output): Promise<MailTarget> {
  if (path === STANDARD_STREAM) {
    const encoding = encodingOf(options.format ?? "mbox");
    if (encoding === null) throw new UsageError("stdout can only be written as mbox or as a stream");
    return new OutputTarget(out, encoding);
  }
  const found = await stat(path).catch(() => null);
  const isFolder = found?.isDirectory() ?? false;
  const format = options.format ?? (await formatFor(path, isFolder));
  const encoding = encodingOf(format);
  if (encoding === null) {
    if (found !== null && !isFolder) throw new UsageError(`${path} is a file, and ${format} needs a folder`);
    return new FolderTarget(path, format as "maildir" | "eml", options.sync);
  }
  if (isFolder) throw new UsageError(`${path} is a folder, and ${format} needs a file`);
  if (found !== null && !options.force) throw new UsageError(`${path} exists: --force replaces it`);
  return new FileTarget(path, encoding, options.sync);
}

/** Null for the formats with one file for each message. */
function encodingOf(format: MailFormat): FileEncoding | null {
  if (format === "mbox") return mboxEncoding;
  return format === "stream" ? new StreamEncoding() : null;
}

async function formatFor(path: string, isFolder: boolean): Promise<MailFormat> {
  if (isFolder && (await isMaildir(path))) return "maildir";
  if (!isFolder && isStreamName(path)) return "stream";
  return isFolder || path.endsWith("/") ? "eml" : "mbox";
}
