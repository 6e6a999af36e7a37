import { MailError } from "../errors.ts";
import { formatBytes } from "../terminal/format.ts";
import { MAX_MESSAGE_BYTES } from "./limits.ts";

/** One message of a source. */
export interface MailItem {
  /** For reports: a path, or an mbox file and the message's number in it. */
  readonly name: string;
  /** Its size: the importer reserves this much memory before it reads the message. */
  readonly bytes: number;
  /** The id that an export wrote into the name; null for none. */
  readonly id: string | null;
  /** It is stored under `id` even without --keep-ids. */
  readonly keepsId?: true;
  /** Rejects if this message cannot be read. The other messages can. */
  read(): Promise<Uint8Array>;
}

export function tooLarge(bytes: number): MailError {
  return new MailError(
    `a message of ${formatBytes(bytes)} is larger than the ${formatBytes(MAX_MESSAGE_BYTES)} that a spool takes`,
  );
}

/** The 32 hex digits of a version-1 UUID, not part of a longer hex number. */
const ID_IN_NAME = /(?<![0-9a-f])[0-9a-f]{12}1[0-9a-f]{3}[89ab][0-9a-f]{15}(?![0-9a-f])/;

export function idIn(name: string): string | null {
  return ID_IN_NAME.exec(name)?.[0] ?? null;
}
