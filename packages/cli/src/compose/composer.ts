import MailComposer from "nodemailer/lib/mail-composer";
import { AttachmentMaker } from "./attachments.ts";
import { ENGLISH, OTHERS } from "./languages.ts";
import { Random } from "./random.ts";
import { pickShape } from "./shapes.ts";
import { sentence } from "./text.ts";

/** The date of the first message. Fixed, so that a seed always gives the same bytes. */
const FIRST_DATE_MS = Date.UTC(2025, 0, 6, 8, 0, 0);
const BETWEEN_MESSAGES_MS = 700;
/** The random stream of what all messages of a seed share. No message has this index. */
const SHARED_STREAM = -1;

const PEOPLE = [
  "Ada Lovelace",
  "Jürgen Groß",
  "Zoë Brontë",
  "Łukasz Żak",
  "Иван Петров",
  "山田 太郎",
  "Grace Hopper",
] as const;
const DOMAINS = ["example.com", "example.net", "example.org", "mail.example.com"] as const;

/**
 * Composes MIME messages with nodemailer. A seed and an index always give the same bytes: boundary and date are passed
 * in, where nodemailer would use a random number and the time of day.
 */
export class Composer {
  readonly #seed: number;
  readonly #attachments: AttachmentMaker;

  constructor(seed: number) {
    this.#seed = seed;
    this.#attachments = new AttachmentMaker(new Random(seed, SHARED_STREAM));
  }

  compose(index: number): Promise<Buffer> {
    const random = new Random(this.#seed, index);
    const from = address(random);
    const date = new Date(FIRST_DATE_MS + index * BETWEEN_MESSAGES_MS);
    return new MailComposer({
      from,
      to: address(random),
      subject: sentence(random, random.fraction() < 0.8 ? ENGLISH : random.pick(OTHERS)),
      date,
      messageId: `<${this.#seed}.${index}.${hex(random)}@${random.pick(DOMAINS)}>`,
      baseBoundary: `${hex(random)}${hex(random)}`,
      headers: {
        Received: `from ${random.pick(DOMAINS)} (192.0.2.${random.between(1, 254)}) by mx.example.com with ESMTPS id ${hex(random)}; ${date.toUTCString()}`,
        "List-Unsubscribe": `<https://example.com/unsubscribe/${hex(random)}>`,
        "Feedback-ID": `${random.between(1, 999)}:${random.between(1, 9999)}:campaign:example`,
      },
      disableFileAccess: true,
      disableUrlAccess: true,
      ...pickShape(random).make(random, this.#attachments),
    })
      .compile()
      .build();
  }
}

function hex(random: Random): string {
  return random.uint32().toString(16).padStart(8, "0");
}

function address(random: Random): { name: string; address: string } {
  return { name: random.pick(PEOPLE), address: `user${random.between(1, 50_000)}@${random.pick(DOMAINS)}` };
}
