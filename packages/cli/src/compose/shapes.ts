import type { MailComposerOptions } from "nodemailer/lib/mail-composer";
import type { AttachmentMaker } from "./attachments.ts";
import { letterHtml, newsletterHtml } from "./html.ts";
import { ENGLISH, type Language, OTHERS } from "./languages.ts";
import type { Random } from "./random.ts";
import { plainText } from "./text.ts";

/** The parts of a message besides its headers. */
export type Content = Pick<MailComposerOptions, "text" | "html" | "attachments">;

interface Shape {
  readonly name: string;
  /** How many of 100 messages have this shape. */
  readonly share: number;
  readonly make: (random: Random, attachments: AttachmentMaker) => Content;
}

/** Base64 with its line ends: 78 bytes for 57. */
const BASE64_GROWTH = 78 / 57;
const MAX_COMPOSED_BYTES = 1024 * 1024;
/** For headers, the text beside an attachment, and boundaries. */
const RESERVED_BYTES = 8 * 1024;
const MAX_ATTACHMENT_BYTES = Math.floor((MAX_COMPOSED_BYTES - RESERVED_BYTES) / BASE64_GROWTH);

const PLAIN_CHARS = [700, 5_000] as const;
const LETTER_CHARS = [1_200, 7_000] as const;
const NEWSLETTER_CHARS = [10_000, 45_000] as const;
const SMALL_ATTACHMENT_BYTES = [20_000, 110_000] as const;
const LARGE_ATTACHMENT_BYTES = [110_000, MAX_ATTACHMENT_BYTES] as const;
const LOGO_BYTES = 2_500;

/** Most messages are small, and a few large ones hold most of the bytes. The mean is 28 KiB. */
export const SHAPES: readonly Shape[] = [
  {
    name: "plain text",
    share: 34,
    make: (random) => ({ text: plainText(random, ENGLISH, random.logBetween(...PLAIN_CHARS)) }),
  },
  {
    name: "plain text, not ASCII",
    share: 12,
    make: (random) => ({ text: plainText(random, random.pick(OTHERS), random.logBetween(...PLAIN_CHARS)) }),
  },
  {
    name: "text and HTML",
    share: 32,
    make: (random) => {
      const language = anyLanguage(random);
      const chars = random.logBetween(...LETTER_CHARS);
      return { text: plainText(random, language, chars), html: letterHtml(random, language, chars) };
    },
  },
  {
    name: "newsletter",
    share: 11,
    make: (random, attachments) => {
      const language = anyLanguage(random);
      const logo = attachments.noise(random, LOGO_BYTES);
      return {
        html: newsletterHtml(random, language, random.logBetween(...NEWSLETTER_CHARS)),
        attachments: [{ filename: "logo.png", contentType: "image/png", content: logo, cid: "logo" }],
      };
    },
  },
  {
    name: "attachment",
    share: 8,
    make: (random, attachments) => withAttachment(random, attachments, random.logBetween(...SMALL_ATTACHMENT_BYTES)),
  },
  {
    name: "large attachment",
    share: 3,
    make: (random, attachments) => withAttachment(random, attachments, random.logBetween(...LARGE_ATTACHMENT_BYTES)),
  },
];

export function pickShape(random: Random): Shape {
  let left = random.fraction() * 100;
  for (const shape of SHAPES) {
    left -= shape.share;
    if (left < 0) return shape;
  }
  return SHAPES[0] as Shape;
}

function anyLanguage(random: Random): Language {
  return random.fraction() < 0.7 ? ENGLISH : random.pick(OTHERS);
}

function withAttachment(random: Random, attachments: AttachmentMaker, bytes: number): Content {
  const text = plainText(random, anyLanguage(random), random.between(200, 1200));
  return { text, attachments: [attachments.make(random, bytes)] };
}
