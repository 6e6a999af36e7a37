import { createReadStream } from "node:fs";
import { addAbortSignal } from "node:stream";
import { SpoolId } from "rockspool";
import type { CommonOptions, Context } from "../context.ts";
import { ExitCode } from "../exit-code.ts";
import { MAX_MESSAGE_BYTES } from "../mail/limits.ts";
import { STANDARD_STREAM } from "../mail/mail-format.ts";
import { tooLarge } from "../mail/mail-item.ts";
import { MessageBuffer } from "../mail/message-buffer.ts";
import { openOrCreate } from "../spool-access.ts";
import { addCommand, type Register, shardsOption } from "./command.ts";

interface PutOptions extends CommonOptions {
  readonly id?: string;
  readonly sync?: boolean;
  readonly shards?: number;
}

export const registerPut: Register = (program, perform) => {
  addCommand(program, {
    name: "put",
    summary: "store one message",
    description:
      "Stores a file, or stdin, as one message, byte for byte. Prints its id, and what it has reached: `synced` " +
      "(the disk) or `written` (the operating system). Creates the spool if there is none.",
    examples: [
      "rockspool put ./spool message.eml --sync",
      "rockspool put ./spool --id 5f0b2e80d9a811f0a1b2c3d4e5f60708 < message.eml",
    ],
  })
    .argument("<spool>", "the spool's directory")
    .argument("[file]", "the file; stdin when absent or `-`", STANDARD_STREAM)
    .option("--id <id>", "store it under this id, replacing the message that has it")
    .option("--sync", "wait until the message is on the disk")
    .addOption(shardsOption())
    .action((path: string, file: string, options: PutOptions) =>
      perform(options, (context) => put(context, path, file, options)),
    );
};

async function put(context: Context, path: string, file: string, options: PutOptions): Promise<ExitCode> {
  const given = options.id === undefined ? null : SpoolId.parse(options.id);
  const data = await readMessage(file, context);
  await using spool = await openOrCreate(context, path, options.shards);
  const id = given ?? spool.newId();
  const reached = await spool.store(id, data, { forceSync: options.sync ?? false, signal: context.signal });
  if (context.json) await context.out.json({ id, bytes: data.length, reached });
  else await context.out.line(`${id} ${reached}`);
  return ExitCode.Ok;
}

async function readMessage(file: string, context: Context): Promise<Uint8Array> {
  const stream: AsyncIterable<Uint8Array> =
    file === STANDARD_STREAM
      ? addAbortSignal(context.signal, context.stdin)
      : createReadStream(file, { signal: context.signal });
  const message = new MessageBuffer(MAX_MESSAGE_BYTES);
  for await (const chunk of stream) {
    message.append(chunk, 0, chunk.length);
    if (message.bytes > MAX_MESSAGE_BYTES) break;
  }
  const data = message.take();
  if (data === null) throw tooLarge(message.bytes);
  return data;
}
