import { SpoolId } from "rockspool";
import type { CommonOptions, Context } from "../context.ts";
import { ExitCode } from "../exit-code.ts";
import { writeWhole } from "../mail/whole-file.ts";
import { openExisting } from "../spool-access.ts";
import { addCommand, type Register } from "./command.ts";

interface GetOptions extends CommonOptions {
  readonly output?: string;
}

export const registerGet: Register = (program, perform) => {
  addCommand(program, {
    name: "get",
    summary: "print one message",
    description: "Writes the bytes of a message, unchanged, to stdout or to a file.",
    examples: ["rockspool get ./spool 5f0b2e80d9a811f0a1b2c3d4e5f60708 -o message.eml"],
  })
    .argument("<spool>", "the spool's directory")
    .argument("<id>", "the message's id")
    .option("-o, --output <file>", "write to this file, which appears only when it is complete")
    .action((path: string, id: string, options: GetOptions) =>
      perform(options, (context) => get(context, path, id, options)),
    );
};

async function get(context: Context, path: string, text: string, { output }: GetOptions): Promise<ExitCode> {
  const id = SpoolId.parse(text);
  await using spool = await openExisting(context, path);
  const data = await spool.load(id, { signal: context.signal });
  if (output !== undefined) {
    await writeWhole(output, data, { temporary: `${output}.${process.pid}.part`, sync: true });
  }
  if (context.json) {
    const where = output === undefined ? { data: Buffer.from(data).toString("base64") } : { file: output };
    await context.out.json({ id, created: id.created, bytes: data.length, ...where });
  } else if (output === undefined) {
    await context.out.bytes(data);
  }
  return ExitCode.Ok;
}
