import { toErrorRecord } from "@rockspool/core";
import * as comlink from "comlink";
import type { Opened, Result, ServeShardTask, ShardControl } from "./protocol/protocol.ts";
import { openShard } from "./shard/open-shard.ts";
import { Shard } from "./shard/shard.ts";

/**
 * The piscina task: serves one shard over the task's ports until the main thread closes it. The result is that of
 * closing.
 */
export async function serveShard(task: ServeShardTask): Promise<Result<void>> {
  let shard: Shard | null = null;

  const open = (): Shard => {
    if (shard === null) throw new Error("the shard is not open");
    return shard;
  };
  const answer = async <T>(work: () => Promise<T>): Promise<Result<T>> => {
    try {
      return { value: await work() };
    } catch (error) {
      return { error: toErrorRecord(error, task.path) };
    }
  };
  const closed = await new Promise<Result<void>>((end) => {
    const control: ShardControl = {
      open: () =>
        answer(async (): Promise<Opened> => {
          const opened = await openShard(task);
          if (!(opened instanceof Shard)) return { state: "down", loss: opened };
          shard = opened;
          shard.serve();
          return shard.opened;
        }),
      compact: () => answer(() => open().compact()),
      adviseLowMemory: () => answer(() => open().adviseLowMemory()),
      prove: () => answer(() => open().prove()),
      tick: () => answer(() => open().tick()),
      // To the consumer a port that closes without an end is a failed enumeration.
      enumerate: (port, createdBeforeMs) => (shard === null ? port.close() : shard.enumerate(port, createdBeforeMs)),
      close: () => void answer(async () => shard?.close()).then(end),
    };
    comlink.expose(control, task.control as unknown as comlink.Endpoint);
  });
  for (const port of [task.data, task.control, task.log]) port.close();
  return closed;
}
