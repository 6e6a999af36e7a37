import { MailError } from "../errors.ts";
import { formatBytes } from "../terminal/format.ts";
import { MAX_MESSAGE_BYTES } from "./limits.ts";

/** One message that a source offers. */
export interface MailItem {
  /** Where it is, for people: a path, or an mbox file and the message's number in it. */
  readonly name: string;
  /** How large it is, so that memory can be kept for it before it is read. */
  readonly bytes: number;
  /** The id that an export left in the name, if any. */
  readonly id: string | null;
  /** It keeps its id, whether that is asked for or not. */
  readonly keepsId?: true;
  /** Rejects where the message cannot be read: the other messages are not concerned. */
  read(): Promise<Uint8Array>;
}

export function tooLarge(bytes: number): MailError {
  return new MailError(
    `a message of ${formatBytes(bytes)} is larger than the ${formatBytes(MAX_MESSAGE_BYTES)} that a spool takes`,
  );
}

/** 32 hex digits of a version-1 UUID, alone between other characters. */
const ID_IN_NAME = /(?<![0-9a-f])[0-9a-f]{12}1[0-9a-f]{3}[89ab][0-9a-f]{15}(?![0-9a-f])/;

export function idIn(name: string): string | null {
  return ID_IN_NAME.exec(name)?.[0] ?? null;
}
