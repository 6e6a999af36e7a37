import { SpoolId } from "@rockspool/core";
import { resolveOptions } from "@rockspool/core/options";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { newGate } from "../../test/operations.ts";
import type { StorageGuard } from "../monitor/storage-guard.ts";
import { ShardMeters } from "../operations/operation-meter.ts";
import { Outcome } from "../operations/outcome.ts";
import type { WriteOperation } from "../operations/write-operation.ts";
import type { ShardClient } from "../shards/shard-client.ts";
import { WritePath } from "./write-path.ts";

const MAX_PENDING_BYTES = 64 * 1024;
const HALF = new Uint8Array(MAX_PENDING_BYTES / 2);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** The write path of one shard without a thread; `appended` is what its lane was given. */
function writePath() {
  const appended: WriteOperation[] = [];
  const gate = newGate();
  const writes = { append: (operation: WriteOperation) => void appended.push(operation) };
  const shard = { gate, writes, meters: new ShardMeters() } as unknown as ShardClient;
  const options = resolveOptions({ path: "/nowhere", maxPendingBytes: MAX_PENDING_BYTES }, { zstdAvailable: false });
  const path = new WritePath(options, [shard], { full: false } as StorageGuard);
  const store = (deadline?: number) => path.store(SpoolId.generate(), HALF, { deadline });
  return { store, gate, appended };
}

it("a store queued beyond its deadline is not copied into a frame, though no sweep has seen it", async () => {
  const { store, appended } = writePath();
  void store();
  const late = store(Date.now() + 10);
  const next = store();
  vi.setSystemTime(Date.now() + 10);
  appended[0]?.resolve("written", Outcome.Written);
  await expect(late).rejects.toMatchObject({ code: "SPOOL_CALLER_DEADLINE", outcome: "not-written" });
  expect(appended).toHaveLength(2);
  appended[1]?.resolve("written", Outcome.Written);
  expect(await next).toBe("written");
});

it("a store queued while its gate latches is refused when it is admitted", async () => {
  const { store, gate, appended } = writePath();
  void store();
  const queued = store();
  gate.latch("io", Date.now(), "io");
  appended[0]?.resolve("written", Outcome.Written);
  await expect(queued).rejects.toMatchObject({ code: "SPOOL_UNHEALTHY", outcome: "not-written" });
  expect(appended).toHaveLength(1);
});
