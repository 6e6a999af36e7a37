import { fileURLToPath } from "node:url";
import { openSpool } from "rockspool";
import { expect, it } from "vitest";
import { checkDirectory } from "../support/check-directory.ts";
import { startChild } from "../support/child.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const CHILD = new URL("./children/switch-memtables.mjs", import.meta.url);
const SLOW_SYNC = fileURLToPath(new URL("./children/slow-sync.mjs", import.meta.url));

/**
 * `messages`: how many each child stores, of 5.5 KB on average, into segments and memtables of 64 KiB.
 *
 * The log rolls while a sync of the segment before is running, and the cleaner unlinks segments, whether they are being
 * synced or not.
 */
export function describeMemtableSwitch(messages: number): void {
  it.each([
    { syncing: "rarely, while segments pile up", syncEvery: 500 },
    { syncing: "every other message", syncEvery: 2 },
  ])("segments that roll and go away under a slow sync are no failed sync: syncing $syncing", async ({ syncEvery }) => {
    const path = await temporaryDirectory();
    const child = startChild(CHILD, [path, String(messages), String(syncEvery)], ["--import", SLOW_SYNC]);
    const line = await child.line("result ");
    expect(JSON.parse(line.slice("result ".length))).toEqual({ errors: [], lost: 0 });
    expect(await child.exit, child.stderr).toEqual({ code: 0, signal: null });
    await (await openSpool({ path })).shutdown();
    await checkDirectory(path);
  });
}
