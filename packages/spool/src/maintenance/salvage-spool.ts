import type { ShardVerdict } from "@rockspool/worker";
import { UnfinishedSpool } from "../directory/unfinished-spool.ts";
import { ClosedSpool } from "./closed-spool.ts";
import { Copier, openCopy } from "./copy-messages.ts";
import { type CorruptEntry, corruptEntry, verifySpool } from "./verify-spool.ts";

export interface SalvageOptions {
  /** The directory of a damaged spool. Nobody may have it open; nothing in it is changed. */
  readonly source: string;
  /** Where the new spool is to be: nothing, or an empty directory. */
  readonly destination: string;
  /** How many shards the source had, where its `rockspool.json` cannot be read. Default: as many as directories and marks tell of. */
  readonly shards?: number | undefined;
  /** Ends it: rejects with the signal's reason. What was done so far is done again the next time. */
  readonly signal?: AbortSignal | undefined;
  /** Called for each message that is stored, and for each thousand that are checked in the end. */
  readonly onProgress?: ((messages: number) => void) | undefined;
  /** What is lost or doubtful, as it is found; the salvage waits for it. */
  readonly onFinding: (finding: SalvageFinding) => void | Promise<void>;
}

export type SalvageFinding =
  /** The entry is there, and its message is lost. */
  | ({ readonly kind: "lost"; readonly shard: number } & CorruptEntry)
  /** The message is in the new spool, but may be an older version of it, or have been removed. */
  | { readonly kind: "doubtful"; readonly shard: number; readonly id: string }
  /** A part of a file that cannot be read: entries in it are lost, and nobody can tell which. */
  | {
      readonly kind: "damage";
      readonly shard: number;
      readonly file: string;
      readonly offset: number;
      readonly length: number;
      readonly reason: string;
    };

export interface Salvaged {
  /** Nothing is lost or doubtful, as far as can be told. */
  readonly complete: boolean;
  readonly layoutError: string | null;
  /** In the new spool. */
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
  /** Batches that were on the disk and of which all or some were not found, first and last; null where none are known to be missing. */
  readonly missingBatches: { readonly from: number; readonly to: number } | null;
  /** What the messages were read through: `files` where RocksDB could not be trusted with them. */
  readonly source: ShardVerdict["source"];
  readonly lost: number;
  readonly doubtful: number;
  readonly damages: number;
}

/**
 * Reads what can be read of a damaged spool into a new one with as many shards. What RocksDB reads of a shard that misses nothing is
 * certain; what is read from the files, because something is missing or RocksDB fails, is the newest version there, and doubtful.
 * The destination gets its name when it is complete and verified; until then it is `<destination>.unfinished`, which an
 * interrupted attempt leaves and the next one of the same source makes anew.
 *
 * Rejects with a `SpoolLockedError` where somebody has the source open, and a `SpoolConfigError` where there is none, or something else
 * in the destination's place.
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
  { signal, onProgress, onFinding }: SalvageOptions,
): Promise<SalvagedShard> {
  const count = { doubtful: 0, damages: 0 };
  /** One that was met on both ways is lost once. */
  const lost = new Set<string>();
  for await (const record of from.records(index, "salvage")) {
    signal?.throwIfAborted();
    if (record.kind === "message") {
      await copier.add(record);
      onProgress?.(1);
      if (!record.doubtful) continue;
      count.doubtful++;
      await onFinding({ kind: "doubtful", shard: index, id: Buffer.from(record.id).toString("hex") });
    } else if (record.kind === "corrupt") {
      const entry = corruptEntry(record.key, record.why);
      if (lost.has(entry.key)) continue;
      lost.add(entry.key);
      await onFinding({ kind: "lost", shard: index, ...entry });
    } else if (record.kind === "damage") {
      const { file, offset, length, why: reason } = record;
      count.damages++;
      await onFinding({ kind: "damage", shard: index, file, offset, length, reason });
    } else if (record.kind === "verdict") {
      const { state, reason, missing, source } = record;
      return { index, state, reason, missingBatches: missing, source, lost: lost.size, ...count };
    }
  }
  throw new Error(`shard ${index} came to no verdict`);
}
