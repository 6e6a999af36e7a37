import { SpoolEngineError, SpoolId } from "@rockspool/core";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { newGate } from "../../test/operations.ts";
import type { LoadOperation } from "../operations/load-operation.ts";
import { ShardMeters } from "../operations/operation-meter.ts";
import { Outcome } from "../operations/outcome.ts";
import type { ShardClient } from "../shards/shard-client.ts";
import { ReadPath } from "./read-path.ts";

const DATA = Uint8Array.of(1, 2, 3);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** The read path of one shard without a thread, one load at a time; `appended` is what its lane was given. */
function readPath() {
  const appended: LoadOperation[] = [];
  const gate = newGate();
  const reads = { append: (operation: LoadOperation) => void appended.push(operation) };
  const shard = { gate, reads, meters: new ShardMeters(), failure: null as SpoolEngineError | null };
  const path = new ReadPath(1, [shard as unknown as ShardClient]);
  const load = () => path.load(SpoolId.generate(), {});
  return { load, gate, shard, appended };
}

it("a queued load is not cancelled by a gate that latches, nor by time", async () => {
  const { load, gate, appended } = readPath();
  void load();
  const queued = load();
  gate.latch("io", Date.now(), "io");
  vi.advanceTimersByTime(24 * 3_600_000);
  appended[0]?.resolve(DATA, Outcome.Found);
  expect(appended).toHaveLength(2);
  appended[1]?.resolve(DATA, Outcome.Found);
  expect(await queued).toBe(DATA);
});

it("a queued load whose shard goes down is rejected with the shard's failure when it is admitted", async () => {
  const { load, shard, appended } = readPath();
  void load();
  const queued = load();
  shard.failure = new SpoolEngineError("bad block", { kind: "corruption", path: "/s" });
  appended[0]?.resolve(DATA, Outcome.Found);
  await expect(queued).rejects.toBe(shard.failure);
  expect(appended).toHaveLength(1);
});
