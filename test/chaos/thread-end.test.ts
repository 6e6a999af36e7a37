import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { startChild } from "../support/child.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const PRELOAD = fileURLToPath(new URL("./children/die-inside.mjs", import.meta.url));

/** The ways in which a thread can end itself: an exit code of 0 is as much of a fault as any other. */
it.each(["exit 0", "exit 3", "throw", "reject"])(
  "a shard's thread that ends itself (%s) is served again, and nothing hangs or lies",
  async (way) => {
    const script = new URL("./children/shard-that-dies.mjs", import.meta.url);
    const child = startChild(script, [await temporaryDirectory(), way], ["--import", PRELOAD]);
    const line = await child.line("result ");
    expect(JSON.parse(line.slice("result ".length))).toEqual({ lies: [], reached: "synced", restarts: 1 });
    expect(await child.exit, child.stderr).toEqual({ code: 0, signal: null });
  },
);
