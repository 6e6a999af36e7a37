import { SpoolConfigError, SpoolEngineError } from "@rockspool/core";
import { UnfinishedSpool } from "../directory/unfinished-spool.ts";
import { ClosedSpool } from "./closed-spool.ts";
import { Copier, openCopy } from "./copy-messages.ts";
import { MessageDigest } from "./message-digest.ts";

export interface ReshardOptions {
  /** The directory of a sound spool. It must be closed, and is not changed. */
  readonly source: string;
  /** The directory of the new spool: missing or empty. */
  readonly destination: string;
  /** Number of shards of the new spool, 1 to 256. */
  readonly shards: number;
  /** An abort rejects the call with the signal's reason. The next call starts from the beginning. */
  readonly signal?: AbortSignal | undefined;
  /** Called twice for each message: when it is copied, and when the copy is compared. */
  readonly onProgress?: ((messages: number) => void) | undefined;
}

export interface Resharded {
  readonly messages: number;
  readonly bytes: number;
}

/**
 * Copies a spool to a new one with another number of shards. Then it reads the copy, and compares its digest with that
 * of the messages that were read from the source. Only then does the copy get its name. Until then it is
 * `<destination>.unfinished`. An interrupted call leaves that directory, and the next call with the same source and
 * number of shards replaces it.
 *
 * Rejects with a `SpoolEngineError` if the source is not sound, with a `SpoolLockedError` if it is open, and with a
 * `SpoolConfigError` if it is no spool or the destination is taken.
 */
export async function reshardSpool(options: ReshardOptions): Promise<Resharded> {
  const { source, destination, shards } = options;
  const from = await ClosedSpool.open(source);
  try {
    if (from.layoutError !== null) throw new SpoolConfigError("source", source, `${from.layoutError}: salvage it`);
    const unfinished = await UnfinishedSpool.begin(destination, { command: "reshard", source: from.path, shards });
    const read = await copySound(from, unfinished.path, options);
    const copied = await readCopy(unfinished.path, options);
    if (!copied.equals(read)) throw notSound(unfinished.path, "the copy differs from what was read of the source");
    await unfinished.finish();
    return { messages: read.messages, bytes: read.bytes };
  } finally {
    await from.close();
  }
}

async function copySound(
  from: ClosedSpool,
  path: string,
  { shards, ...options }: ReshardOptions,
): Promise<MessageDigest> {
  const to = await openCopy(path, shards);
  try {
    const copier = new Copier(to);
    const digest = await eachMessage(from, options, (message) => copier.add(message));
    await copier.flush();
    return digest;
  } finally {
    await to.shutdown();
  }
}

async function readCopy(path: string, options: Pick<ReshardOptions, "signal" | "onProgress">): Promise<MessageDigest> {
  const copy = await ClosedSpool.open(path);
  try {
    return await eachMessage(copy, options, async () => {});
  } finally {
    await copy.close();
  }
}

/** Reads a spool whose shards must be sound and hold only messages; throws a `SpoolEngineError` otherwise. */
async function eachMessage(
  spool: ClosedSpool,
  { signal, onProgress }: Pick<ReshardOptions, "signal" | "onProgress">,
  use: Copier["add"],
): Promise<MessageDigest> {
  const digest = new MessageDigest();
  for (let index = 0; index < spool.shards; index++) {
    for await (const record of spool.records(index, "read")) {
      signal?.throwIfAborted();
      if (record.kind === "message") {
        digest.add(record);
        await use(record);
        onProgress?.(1);
      } else if (record.kind === "corrupt") {
        throw notSound(spool.path, `shard ${index} holds a corrupt entry ${Buffer.from(record.key).toString("hex")}`);
      } else if (record.kind === "verdict" && record.state !== "sound") {
        throw notSound(spool.path, `shard ${index} is not sound: ${record.reason}`);
      }
    }
  }
  return digest;
}

function notSound(path: string, why: string): SpoolEngineError {
  return new SpoolEngineError(`${why}: verify says more, salvage makes a new spool of what can be read`, {
    kind: "corruption",
    path,
  });
}
