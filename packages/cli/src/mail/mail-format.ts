/** `mbox`, `stream`: one file of many messages. `maildir`, `eml`: a file a message. */
export const MAIL_FORMATS = ["mbox", "maildir", "eml", "stream"] as const;
export type MailFormat = (typeof MAIL_FORMATS)[number];

/** stdin or stdout, where a path is expected. */
export const STANDARD_STREAM = "-";
