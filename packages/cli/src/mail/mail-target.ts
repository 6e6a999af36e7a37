import type { SpoolId } from "rockspool";

/** Where messages are written to. After `open`, either `complete` or `abandon` is called, once. */
export interface MailTarget {
  /** What `abandon` leaves behind of the messages written so far. */
  readonly keepsPartial: boolean;
  /** True where messages may be written at the same time. */
  readonly parallel: boolean;
  open(): Promise<void>;
  write(id: SpoolId, data: Uint8Array): Promise<void>;
  complete(): Promise<void>;
  abandon(): Promise<void>;
}
