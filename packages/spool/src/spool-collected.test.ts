import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it, onTestFinished } from "vitest";
import { openFaultySpool } from "./testing/open-faulty-spool.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** A closed spool whose thread died with pending calls of all kinds. Nothing here refers to it. */
async function closedSpool(path: string): Promise<WeakRef<object>> {
  const { spool, faults } = await openFaultySpool({ path, shards: 1 });
  const shard = faults.shard(0);
  const stalls = [shard.stall("flush"), shard.stall("write"), shard.stall("read")];
  const id = spool.newId();
  const settled = Promise.allSettled([spool.compact(), spool.store(id, new Uint8Array(1)), spool.load(id)]);
  await Promise.all(stalls.map((stall) => stall.reached()));
  await shard.kill();
  for (const { status } of await settled) expect(status).toBe("rejected");
  await faults.release();
  await spool.shutdown();
  return new WeakRef(spool);
}

it("a closed spool is garbage collected, even if its thread died with unanswered calls", async () => {
  const path = await mkdtemp(join(tmpdir(), "rockspool-collected-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  const spool = await closedSpool(path);
  await expect
    .poll(() => {
      collect();
      return spool.deref() === undefined;
    })
    .toBe(true);
});
