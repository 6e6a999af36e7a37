import { type RocksSpool, SpoolEngineError, SpoolId, SpoolNotFoundError } from "rockspool";
import type { CommonOptions, Context } from "../context.ts";
import { ExitCode } from "../exit-code.ts";
import { openExisting } from "../spool-access.ts";
import { plural } from "../terminal/format.ts";
import { addCommand, type Register } from "./command.ts";

interface RmOptions extends CommonOptions {
  readonly force?: boolean;
}

export const registerRm: Register = (program, perform) => {
  addCommand(program, {
    name: "rm",
    summary: "remove messages",
    description:
      "Removes messages. An id that the spool does not hold is reported and makes the exit code 3; the other " +
      "messages are still removed. A corrupt message can be removed too.",
    examples: [
      "rockspool rm ./spool 5f0b2e80d9a811f0a1b2c3d4e5f60708",
      "rockspool ls ./spool --before 30d | cut -d' ' -f1 | xargs rockspool rm ./spool",
    ],
  })
    .argument("<spool>", "the spool's directory")
    .argument("<id...>", "the messages' ids")
    .option("-f, --force", "ignore ids that the spool does not hold")
    .action((path: string, ids: string[], options: RmOptions) =>
      perform(options, (context) => removeAll(context, path, ids, options)),
    );
};

async function removeAll(
  context: Context,
  path: string,
  texts: string[],
  { force = false }: RmOptions,
): Promise<ExitCode> {
  // All ids are parsed before the first message is removed: a malformed one then removes nothing.
  const ids = texts.map((text) => SpoolId.parse(text));
  const removed: SpoolId[] = [];
  const missing: SpoolId[] = [];
  await using spool = await openExisting(context, path);
  for (const id of ids) {
    if (context.signal.aborted) break;
    if (force || (await holds(spool, id))) {
      await spool.remove(id);
      removed.push(id);
    } else {
      missing.push(id);
      context.reporter.error(new SpoolNotFoundError(id.toString()));
    }
  }
  if (context.json) await context.out.json({ removed, missing });
  if (context.signal.aborted) context.reporter.note(`interrupted: ${plural(removed.length, "message")} removed`);
  return missing.length > 0 ? ExitCode.NotFound : ExitCode.Ok;
}

/** Whether the spool holds the message, which may be damaged: `remove` of a missing one succeeds. */
async function holds(spool: RocksSpool, id: SpoolId): Promise<boolean> {
  try {
    await spool.load(id);
    return true;
  } catch (error) {
    if (error instanceof SpoolNotFoundError) return false;
    if (error instanceof SpoolEngineError && error.kind === "corruption") return true;
    throw error;
  }
}
