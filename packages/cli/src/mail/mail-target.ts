import type { SpoolId } from "rockspool";

/** What messages are exported to. After `open`, either `complete` or `discard` is called, once. */
export interface MailTarget {
  /** Whether `discard` keeps the messages written so far. */
  readonly keepsPartial: boolean;
  /** Whether messages may be written concurrently. */
  readonly parallel: boolean;
  open(): Promise<void>;
  write(id: SpoolId, data: Uint8Array): Promise<void>;
  complete(): Promise<void>;
  discard(): Promise<void>;
}
