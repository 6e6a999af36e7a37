import type { Random } from "./random.ts";

/** Random bytes to cut attachments from: pictures, archives and most of a PDF do not compress either. */
const NOISE_BYTES = 4 * 1024 * 1024;

export interface Attachment {
  readonly filename: string;
  readonly contentType: string;
  readonly content: Buffer;
}

/** Makes attachments. One for each seed, because making the noise takes longer than making a message. */
export class AttachmentMaker {
  readonly #noise: Buffer;

  constructor(random: Random) {
    const words = new Uint32Array(NOISE_BYTES / Uint32Array.BYTES_PER_ELEMENT);
    for (let at = 0; at < words.length; at++) words[at] = random.uint32();
    this.#noise = Buffer.from(words.buffer);
  }

  /** `bytes`: the size before base64, which adds a third. */
  make(random: Random, bytes: number): Attachment {
    const number = random.between(1000, 9999);
    const kind = random.fraction();
    if (kind < 0.4) {
      return { filename: `invoice-${number}.pdf`, contentType: "application/pdf", content: this.#pdf(random, bytes) };
    }
    if (kind < 0.75) {
      return { filename: `Übersicht ${number}.jpg`, contentType: "image/jpeg", content: this.noise(random, bytes) };
    }
    if (kind < 0.9) return { filename: `report-${number}.csv`, contentType: "text/csv", content: csv(random, bytes) };
    return { filename: `backup-${number}.zip`, contentType: "application/zip", content: this.noise(random, bytes) };
  }

  noise(random: Random, bytes: number): Buffer {
    const start = random.between(0, NOISE_BYTES - bytes);
    return this.#noise.subarray(start, start + bytes);
  }

  /** Compressed streams between short runs of text. */
  #pdf(random: Random, bytes: number): Buffer {
    const pieces: Buffer[] = [];
    let length = 0;
    for (let object = 1; length < bytes; object++) {
      const head = Buffer.from(`${object} 0 obj\n<< /Type /Page /Parent 2 0 R /Filter /FlateDecode >>\nstream\n`);
      const stream = this.noise(random, random.between(2000, 6000));
      pieces.push(head, stream);
      length += head.length + stream.length;
    }
    return Buffer.concat(pieces).subarray(0, bytes);
  }
}

function csv(random: Random, bytes: number): Buffer {
  let text = "date,customer,article,quantity,amount\r\n";
  while (text.length < bytes) {
    const day = String(random.between(1, 28)).padStart(2, "0");
    text += `2025-03-${day},${random.between(10_000, 99_999)},A-${random.between(100, 999)},${random.between(1, 20)},${random.between(1, 99_999) / 100}\r\n`;
  }
  return Buffer.from(text);
}
