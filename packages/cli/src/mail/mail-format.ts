/** `mbox`, `stream`: one file with many messages. `maildir`, `eml`: one file for each message. */
export const MAIL_FORMATS = ["mbox", "maildir", "eml", "stream"] as const;
export type MailFormat = (typeof MAIL_FORMATS)[number];

/** As a path: stdin or stdout. */
export const STANDARD_STREAM = "-";
