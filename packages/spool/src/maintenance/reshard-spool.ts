import { SpoolConfigError, SpoolEngineError } from "@rockspool/core";
import { UnfinishedSpool } from "../directory/unfinished-spool.ts";
import { ClosedSpool } from "./closed-spool.ts";
import { Copier, openCopy, Tally } from "./copy-messages.ts";

export interface ReshardOptions {
  /** The directory of a sound spool. Nobody may have it open; nothing in it is changed. */
  readonly source: string;
  /** Where the new spool is to be: nothing, or an empty directory. */
  readonly destination: string;
  /** Shards of the new spool, 1 to 256. */
  readonly shards: number;
  /** Ends it: rejects with the signal's reason. What was done so far is done again the next time. */
  readonly signal?: AbortSignal | undefined;
  /** Called for each message, once while it is copied and once while the copy is compared. */
  readonly onProgress?: ((messages: number) => void) | undefined;
}

export interface Resharded {
  readonly messages: number;
  readonly bytes: number;
}

/**
 * Copies a spool to one with another number of shards, then reads the copy and compares it with what was read of the source, byte
 * for byte. The destination gets its name only then; until then it is `<destination>.unfinished`, which an interrupted attempt
 * leaves and the next one of the same source and number makes anew.
 *
 * Rejects with a `SpoolEngineError` where the source is not sound, a `SpoolLockedError` where somebody has it open, and a
 * `SpoolConfigError` where there is none, or something else in the destination's place.
 */
export async function reshardSpool(options: ReshardOptions): Promise<Resharded> {
  const { source, destination, shards } = options;
  const from = await ClosedSpool.open(source);
  try {
    if (from.layoutError !== null) throw new SpoolConfigError("source", source, `${from.layoutError}: salvage it`);
    const unfinished = await UnfinishedSpool.begin(destination, { command: "reshard", source: from.path, shards });
    const read = await copySound(from, unfinished.path, options);
    const copied = await tallyOf(unfinished.path, options);
    if (!copied.equals(read)) throw notSound(unfinished.path, "the copy is not what was read of the source");
    await unfinished.finish();
    return { messages: read.messages, bytes: read.bytes };
  } finally {
    await from.close();
  }
}

async function copySound(from: ClosedSpool, path: string, { shards, ...options }: ReshardOptions): Promise<Tally> {
  const to = await openCopy(path, shards);
  try {
    const copier = new Copier(to);
    const tally = await eachMessage(from, options, (message) => copier.add(message));
    await copier.flush();
    return tally;
  } finally {
    await to.shutdown();
  }
}

async function tallyOf(path: string, options: Pick<ReshardOptions, "signal" | "onProgress">): Promise<Tally> {
  const copy = await ClosedSpool.open(path);
  try {
    return await eachMessage(copy, options, async () => {});
  } finally {
    await copy.close();
  }
}

/** Throws for anything but sound shards full of messages. */
async function eachMessage(
  spool: ClosedSpool,
  { signal, onProgress }: Pick<ReshardOptions, "signal" | "onProgress">,
  use: Copier["add"],
): Promise<Tally> {
  const tally = new Tally();
  for (let index = 0; index < spool.shards; index++) {
    for await (const record of spool.records(index, "read")) {
      signal?.throwIfAborted();
      if (record.kind === "message") {
        tally.add(record);
        await use(record);
        onProgress?.(1);
      } else if (record.kind === "corrupt") {
        throw notSound(spool.path, `shard ${index} holds a corrupt entry ${Buffer.from(record.key).toString("hex")}`);
      } else if (record.kind === "verdict" && record.state !== "sound") {
        throw notSound(spool.path, `shard ${index} is not sound: ${record.reason}`);
      }
    }
  }
  return tally;
}

function notSound(path: string, why: string): SpoolEngineError {
  return new SpoolEngineError(`${why}: verify says more, salvage makes a new spool of what can be read`, {
    kind: "corruption",
    path,
  });
}
