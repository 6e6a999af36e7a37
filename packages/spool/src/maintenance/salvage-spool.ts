import type { ShardVerdict } from "@rockspool/worker";
import { UnfinishedSpool } from "../directory/unfinished-spool.ts";
import { ClosedSpool } from "./closed-spool.ts";
import { Copier, openCopy } from "./copy-messages.ts";
import { type CorruptEntry, corruptEntry, verifySpool } from "./verify-spool.ts";

export interface SalvageOptions {
  /** The directory of a damaged spool. It must be closed, and is not changed. */
  readonly source: string;
  /** The directory of the new spool: missing or empty. */
  readonly destination: string;
  /**
   * The source's number of shards, used if `rockspool.json` cannot be read. Default: as its directories and marks are
   * numbered.
   */
  readonly shards?: number | undefined;
  /** An abort rejects the call with the signal's reason. The next call starts from the beginning. */
  readonly signal?: AbortSignal | undefined;
  /** Called for each message that is stored, and at the end for each group of up to 1,000 messages that are checked. */
  readonly onProgress?: ((messages: number) => void) | undefined;
  /** Called for each loss or doubtful message as it is found. Salvage continues when the returned promise resolves. */
  readonly onProblem: (problem: SalvageProblem) => void | Promise<void>;
}

export type SalvageProblem =
  /** The entry exists, and its message is lost. */
  | ({ readonly kind: "lost"; readonly shard: number } & CorruptEntry)
  /** The message is in the new spool, but may be an older version, or one that was removed. */
  | { readonly kind: "doubtful"; readonly shard: number; readonly id: string }
  /** A part of a file that cannot be read. Entries in it are lost, and their ids are not known. */
  | {
      readonly kind: "damage";
      readonly shard: number;
      readonly file: string;
      readonly offset: number;
      readonly length: number;
      readonly reason: string;
    };

export interface Salvaged {
  /** True if no problem was found and every shard is sound. */
  readonly complete: boolean;
  /** Why `rockspool.json` cannot be read; null if it can. */
  readonly layoutError: string | null;
  /** Messages in the new spool. */
  readonly messages: number;
  readonly bytes: number;
  readonly lost: number;
  readonly doubtful: number;
  readonly shards: readonly SalvagedShard[];
}

export interface SalvagedShard {
  readonly index: number;
  readonly state: ShardVerdict["state"];
  readonly reason: string | null;
  /** The blocks that were on the disk and of which all or some are missing; null if no range is known. */
  readonly missingBatches: { readonly from: number; readonly to: number } | null;
  /** How the messages were read: from the message `log`, or `nothing` if that is missing. */
  readonly source: ShardVerdict["source"];
  readonly lost: number;
  readonly doubtful: number;
  readonly damages: number;
}

/**
 * Copies every readable message of a damaged spool to a new one with the same number of shards. The message logs are
 * read, without the indexes. A message that is older than a gap in its log is doubtful: it may have been replaced or
 * removed in the gap. The new spool gets its name once it is complete and verified. Until then it is
 * `<destination>.unfinished`. An interrupted call leaves that directory, and the next call
 * with the same source replaces it.
 *
 * Rejects with a `SpoolLockedError` if the source is open, and with a `SpoolConfigError` if the source is no spool or
 * the destination is taken.
 */
export async function salvageSpool(options: SalvageOptions): Promise<Salvaged> {
  const { source, destination, signal, onProgress } = options;
  const from = await ClosedSpool.open(source, { shards: options.shards ?? null });
  try {
    const { layoutError } = from;
    const origin = { command: "salvage", source: from.path, shards: from.shards };
    const unfinished = await UnfinishedSpool.begin(destination, origin);
    const shards = await salvageShards(from, unfinished.path, options);
    const verdict = await verifySpool({ path: unfinished.path, signal, onProgress });
    if (!verdict.ok) throw new Error(`the new spool in ${unfinished.path} is not sound`);
    await unfinished.finish();
    const { messages, bytes } = verdict;
    const sum = (key: "lost" | "doubtful" | "damages"): number =>
      shards.reduce((total, shard) => total + shard[key], 0);
    const [lost, doubtful] = [sum("lost"), sum("doubtful")];
    const isSound = layoutError === null && shards.every(({ state }) => state === "sound");
    const complete = isSound && lost + doubtful + sum("damages") === 0;
    return { complete, layoutError, messages, bytes, lost, doubtful, shards };
  } finally {
    await from.close();
  }
}

async function salvageShards(from: ClosedSpool, path: string, options: SalvageOptions): Promise<SalvagedShard[]> {
  const to = await openCopy(path, from.shards);
  try {
    const copier = new Copier(to);
    const shards: SalvagedShard[] = [];
    for (let index = 0; index < from.shards; index++) shards.push(await salvageShard(from, index, copier, options));
    await copier.flush();
    return shards;
  } finally {
    await to.shutdown();
  }
}

async function salvageShard(
  from: ClosedSpool,
  index: number,
  copier: Copier,
  { signal, onProgress, onProblem }: SalvageOptions,
): Promise<SalvagedShard> {
  const count = { doubtful: 0, damages: 0 };
  /** Keys of the messages whose bytes are damaged. */
  const lost = new Set<string>();
  for await (const record of from.records(index, "read")) {
    signal?.throwIfAborted();
    if (record.kind === "message") {
      await copier.add(record);
      onProgress?.(1);
      if (!record.doubtful) continue;
      count.doubtful++;
      await onProblem({ kind: "doubtful", shard: index, id: Buffer.from(record.id).toString("hex") });
    } else if (record.kind === "corrupt") {
      const entry = corruptEntry(record.key, record.why);
      if (lost.has(entry.key)) continue;
      lost.add(entry.key);
      await onProblem({ kind: "lost", shard: index, ...entry });
    } else if (record.kind === "damage") {
      const { file, offset, length, why: reason } = record;
      count.damages++;
      await onProblem({ kind: "damage", shard: index, file, offset, length, reason });
    } else if (record.kind === "verdict") {
      const { state, reason, missing, source } = record;
      return { index, state, reason, missingBatches: missing, source, lost: lost.size, ...count };
    }
  }
  throw new Error(`shard ${index} ended without a verdict`);
}
