import { type ShardHealth, SpoolEngineError, SpoolId } from "rockspool";
import { describe, expect, it } from "vitest";
import { SpoolStats } from "./spool-stats.ts";
import { type StatsResult, statsJson, statsText } from "./stats-report.ts";

const NOW = new Date("2025-06-01T12:00:00Z");
const error = new SpoolEngineError("unknown header byte 9", { kind: "corruption", path: "shard-000" });

const health: ShardHealth = {
  index: 0,
  path: "spool/shard-000",
  state: "read-only",
  latched: true,
  reason: "batches are missing",
  since: NOW,
  foregroundErrors: 2,
  backgroundErrors: 1,
  restarts: 1,
  missingBatches: { from: 7, to: 9 },
  history: [],
};

function resultWith(corrupt: number): StatsResult {
  const stats = new SpoolStats();
  const id = SpoolId.generate();
  stats.add({ kind: "item", id, data: new Uint8Array(5000) });
  for (let i = 0; i < corrupt; i++) stats.add({ kind: "corrupt", id: null, key: `dead${i}`, error });
  return { path: "spool", version: 1, shards: 1, stats, diskBytes: 8192, health: [health], complete: false };
}

describe("the report of a damaged spool", () => {
  it("shows, as text, what is corrupt, lost and not counted", () => {
    const text = statsText(resultWith(25), NOW);
    expect(text).toMatch(/^messages {2}1, not complete$/m);
    expect(text).toMatch(/^corrupt {3}25$/m);
    expect(text).toMatch(/^ +0 +read-only +latched +3 +1 +7-9 +batches are missing$/m);
    expect(text).toMatch(/^dead19 {2}unknown header byte 9$/m);
    expect(text).not.toContain("dead20");
    expect(text).toMatch(/^and 5 more$/m);
  });

  it("shows the same as JSON", () => {
    const json = JSON.parse(JSON.stringify(statsJson(resultWith(2))));
    expect(json).toMatchObject({
      complete: false,
      messages: 1,
      corrupt: 2,
      sizes: { min: 5000, max: 5000, p50: 5000 },
    });
    expect(json.corruptEntries[1]).toEqual({ id: null, key: "dead1", error: "unknown header byte 9" });
    expect(json.health[0]).toMatchObject({ state: "read-only", missingBatches: { from: 7, to: 9 } });
  });
});
