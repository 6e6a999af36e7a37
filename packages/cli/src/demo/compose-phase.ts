import { composeInThreads } from "../compose/composer-pool.ts";
import type { Context } from "../context.ts";
import { type Phase, timed } from "./demo-run.ts";
import type { MailFile } from "./mail-file.ts";

/** Composes `count` messages into the file and syncs it. */
export function composeMail(context: Context, mail: MailFile, count: number, seed: number): Promise<Phase> {
  return timed("compose", async () => {
    const progress = context.progress({ title: "composing", total: count, unit: "messages" });
    try {
      for await (const { data, lengths } of composeInThreads(seed, count)) {
        context.signal.throwIfAborted();
        await mail.append(data, lengths);
        progress.add(lengths.length);
      }
      await mail.sync();
    } finally {
      progress.stop();
    }
    return { messages: count, bytes: mail.bytes };
  });
}
