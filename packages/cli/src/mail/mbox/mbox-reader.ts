import { MAX_MESSAGE_BYTES } from "../limits.ts";
import { idIn, type MailItem, tooLarge } from "../mail-item.ts";
import { type MboxMessage, MboxParser } from "./mbox-parser.ts";

/**
 * The messages of an mbox file, one at a time, so that memory does not grow with the file. `name`: the source, for
 * reports.
 */
export async function* readMbox(chunks: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<MailItem> {
  const parser = new MboxParser(MAX_MESSAGE_BYTES);
  let number = 0;
  for await (const chunk of chunks) {
    for (const message of parser.push(chunk)) yield toItem(message, `${name} message ${++number}`);
  }
  for (const message of parser.end()) yield toItem(message, `${name} message ${++number}`);
}

function toItem({ from, bytes, data }: MboxMessage, name: string): MailItem {
  return {
    name,
    bytes: data === null ? 0 : bytes,
    id: idIn(from),
    read: () => (data === null ? Promise.reject(tooLarge(bytes)) : Promise.resolve(data)),
  };
}
