import { fileURLToPath } from "node:url";
import { openSpool } from "rockspool";
import { describe, expect, it } from "vitest";
import { startChild } from "../support/child.ts";
import { entriesOf } from "../support/entries.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const CHILD = new URL("./children/sync-scenarios.mjs", import.meta.url);
const PRELOAD = fileURLToPath(new URL("./children/sync-on-command.mjs", import.meta.url));

async function resultOf(path: string, scenario: string): Promise<unknown> {
  const child = startChild(CHILD, [path, scenario], ["--import", PRELOAD]);
  const line = await child.line("result ");
  expect(await child.exit, child.stderr).toEqual({ code: 0, signal: null });
  return JSON.parse(line.slice("result ".length));
}

describe("a sync", () => {
  it("in flight holds back the synced store, and nothing else", async () => {
    expect(await resultOf(await temporaryDirectory(), "hold")).toEqual({
      written: "written",
      visible: "a message",
      settledWhileHeld: false,
      synced: "synced",
    });
  });

  it("that fails is final: its whole group is unknown, the shard latches, and no second try says OK", async () => {
    const path = await temporaryDirectory();
    expect(await resultOf(path, "fail")).toEqual({
      before: "synced",
      failed: ["SPOOL_ENGINE io unknown", "SPOOL_ENGINE io unknown"],
      latched: true,
      afterwards: "SPOOL_UNHEALTHY not-written",
      removed: "SPOOL_UNHEALTHY not-written",
      loads: "a message",
      retried: 0,
    });

    // The disk itself is whole: the next open finds what was acknowledged and nothing that was refused.
    await using spool = await openSpool({ path });
    expect(spool.health()).toMatchObject([{ state: "open", latched: false }]);
    expect(await entriesOf(spool, { createdBefore: new Date(Date.now() + 60_000) })).toHaveLength(3);
  });
});
