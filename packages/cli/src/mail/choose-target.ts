import { stat } from "node:fs/promises";
import { UsageError } from "../errors.ts";
import type { Output } from "../terminal/output.ts";
import { FolderTarget } from "./folder-target.ts";
import { type MailFormat, STANDARD_STREAM } from "./mail-format.ts";
import type { MailTarget } from "./mail-target.ts";
import { isMaildir } from "./maildir.ts";
import { MboxFileTarget, MboxOutputTarget } from "./mbox-target.ts";

export interface TargetOptions {
  readonly format: MailFormat | undefined;
  /** Replace an mbox file that is there. */
  readonly force: boolean;
  readonly sync: boolean;
}

export async function chooseTarget(path: string, options: TargetOptions, out: Output): Promise<MailTarget> {
  if (path === STANDARD_STREAM) {
    if ((options.format ?? "mbox") !== "mbox") throw new UsageError("stdout can only be written as mbox");
    return new MboxOutputTarget(out);
  }
  const found = await stat(path).catch(() => null);
  const isFolder = found?.isDirectory() ?? false;
  const format = options.format ?? (await formatFor(path, isFolder));
  if (format !== "mbox") {
    if (found !== null && !isFolder) throw new UsageError(`${path} is a file, and ${format} needs a folder`);
    return new FolderTarget(path, format, options.sync);
  }
  if (isFolder) throw new UsageError(`${path} is a folder, and mbox needs a file`);
  if (found !== null && !options.force) throw new UsageError(`${path} exists: --force replaces it`);
  return new MboxFileTarget(path, options.sync);
}

async function formatFor(path: string, isFolder: boolean): Promise<MailFormat> {
  if (isFolder && (await isMaildir(path))) return "maildir";
  return isFolder || path.endsWith("/") ? "eml" : "mbox";
}
