import { createStatusMemory, ShardGate, SpoolId } from "@rockspool/core";
import { resolveOptions } from "@rockspool/core/options";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ShardMeters } from "./operations/operation-meter.ts";
import { Outcome } from "./operations/outcome.ts";
import type { WriteOperation } from "./operations/write-operation.ts";
import { RocksSpool, type SpoolParts } from "./spool.ts";

const MAX_PENDING_BYTES = 64 * 1024;
const HALF = new Uint8Array(MAX_PENDING_BYTES / 2);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A spool of one shard without a thread; `sent` is what its lane has been given. */
function spoolAlone() {
  const sent: WriteOperation[] = [];
  const gate = new ShardGate(createStatusMemory(1), 0);
  const writes = { append: (operation: WriteOperation) => void sent.push(operation) };
  const parts = {
    options: resolveOptions({ path: "/nowhere", maxPendingBytes: MAX_PENDING_BYTES }, { zstdAvailable: false }),
    shards: [{ gate, writes, meters: new ShardMeters() }],
    monitor: { storage: { full: false } },
  };
  return { spool: new RocksSpool(parts as unknown as SpoolParts), gate, sent };
}

it("a store that waited in line beyond its deadline is not copied into a frame, though no sweep has seen it yet", async () => {
  const { spool, sent } = spoolAlone();
  void spool.store(SpoolId.generate(), HALF);
  const late = spool.store(SpoolId.generate(), HALF, { deadline: Date.now() + 10 });
  const next = spool.store(SpoolId.generate(), HALF);
  vi.setSystemTime(Date.now() + 10);
  sent[0]?.resolve("written", Outcome.Written);
  await expect(late).rejects.toMatchObject({ code: "SPOOL_CALLER_DEADLINE", outcome: "not-written" });
  expect(sent).toHaveLength(2);
  sent[1]?.resolve("written", Outcome.Written);
  expect(await next).toBe("written");
});

it("a store that waited in line while the gate latched is refused when its turn comes", async () => {
  const { spool, gate, sent } = spoolAlone();
  void spool.store(SpoolId.generate(), HALF);
  const waits = spool.store(SpoolId.generate(), HALF);
  gate.latch("io", Date.now(), "io");
  sent[0]?.resolve("written", Outcome.Written);
  await expect(waits).rejects.toMatchObject({ code: "SPOOL_UNHEALTHY", outcome: "not-written" });
  expect(sent).toHaveLength(1);
});
