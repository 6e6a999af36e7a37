import { mkdtemp, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../errors.ts";
import { isSpool } from "../spool-access.ts";
import { formatBytes } from "../terminal/format.ts";

/** The demo's directories. `close` removes all but a spool that is to be kept. */
export interface Workspace {
  readonly spoolPath: string;
  readonly mailPath: string;
  /** Where the spool stays after `close`; null where it is removed. */
  readonly keptPath: string | null;
  close(): Promise<void>;
}

/**
 * The mean size of a message, times three: the composed messages, the spool, and the second copy that a compaction
 * writes.
 */
const BYTES_PER_MESSAGE = 3 * 29_000;

export async function createWorkspace(path: string | undefined, keep: boolean, messages: number): Promise<Workspace> {
  if (path !== undefined && (await isSpool(path)))
    throw new UsageError(`${path} holds a spool: the demo creates its own`);
  const temporary = await mkdtemp(join(tmpdir(), "rockspool-demo-"));
  try {
    await needSpace(temporary, messages * BYTES_PER_MESSAGE);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
  const mailPath = join(temporary, "messages");
  const spoolPath = path ?? join(temporary, "spool");
  const keptPath = path ?? (keep ? spoolPath : null);
  return {
    spoolPath,
    mailPath,
    keptPath,
    // The composed messages are always removed; the temporary directory stays only where it holds a spool that is kept.
    close: () =>
      rm(keptPath === spoolPath && path === undefined ? mailPath : temporary, { recursive: true, force: true }),
  };
}

async function needSpace(path: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(path);
  if (bavail * bsize >= bytes) return;
  throw new Error(
    `the demo needs about ${formatBytes(bytes)} in ${tmpdir()}, and ${formatBytes(bavail * bsize)} are free: ` +
      "use fewer --messages, or set TMPDIR",
  );
}
