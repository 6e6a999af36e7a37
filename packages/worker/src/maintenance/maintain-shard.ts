import { toErrorRecord } from "@rockspool/core";
import type { AcceptLossTask, ReadShardTask, ShardLoss } from "../protocol/maintenance-protocol.ts";
import type { Result } from "../protocol/protocol.ts";
import { acceptShardLoss } from "./accept-loss.ts";
import { sendRecords } from "./record-stream.ts";
import { readShard } from "./shard-reader.ts";

/** The tasks that piscina runs on the shards of a closed spool. */

export async function sendShard(task: ReadShardTask): Promise<void> {
  await sendRecords(readShard(task), task.port, task.path);
}

export async function acceptLoss(task: AcceptLossTask): Promise<Result<ShardLoss | null>> {
  try {
    return { value: await acceptShardLoss(task) };
  } catch (error) {
    return { error: toErrorRecord(error, task.path) };
  }
}
