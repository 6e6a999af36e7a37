import { toErrorRecord } from "@rockspool/core";
import * as comlink from "comlink";
import type { Opened, Result, ServeShardTask, ShardControl } from "./protocol/protocol.ts";
import { Shard } from "./shard/shard.ts";

/**
 * What piscina runs: serves one shard until the main thread closes it. Everything comes and goes over the task's ports; the
 * result says how the closing went.
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
          const opened = await Shard.open(task);
          if (!(opened instanceof Shard)) return { state: "down", loss: opened };
          shard = opened;
          shard.serve();
          return shard.opened;
        }),
      compact: () => answer(() => open().compact()),
      adviseLowMemory: () => answer(() => open().adviseLowMemory()),
      prove: () => answer(() => open().prove()),
      tick: () => answer(() => open().tick()),
      // A port that closes without an end tells the consumer as much as an error would.
      enumerate: (port, createdBeforeMs) => (shard === null ? port.close() : shard.enumerate(port, createdBeforeMs)),
      close: () => void answer(async () => shard?.close()).then(end),
    };
    comlink.expose(control, task.control as unknown as comlink.Endpoint);
  });
  for (const port of [task.data, task.control, task.log]) port.close();
  return closed;
}
