import {
  type OperationOptions,
  SpoolConfigError,
  SpoolError,
  SpoolId,
  type SpoolIdLike,
  shardOf,
} from "@rockspool/core";
import type { ShardMeters } from "../operations/operation-meter.ts";
import { Outcome, outcomeOf } from "../operations/outcome.ts";
import type { ShardClient } from "../shards/shard-client.ts";

/**
 * Counts a call that was rejected before it became an operation. A call with wrong arguments is not counted: it says
 * nothing of the spool, and its id may belong to no shard.
 */
export function countRefusal(
  shards: readonly ShardClient[],
  kind: keyof ShardMeters,
  id: SpoolIdLike,
  error: unknown,
  options: OperationOptions | undefined,
): void {
  const signal = options?.signal;
  const aborted = signal?.aborted && error === signal.reason;
  if (!aborted && (!(error instanceof SpoolError) || error instanceof SpoolConfigError)) return;
  const shard = shards[shardOf(SpoolId.from(id).bytes, shards.length)] as ShardClient;
  shard.meters[kind].refused(aborted ? Outcome.Aborted : outcomeOf(error));
}
