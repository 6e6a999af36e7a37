import { openSpool } from "rockspool";
import { describe, expect, it } from "vitest";
import { startChild } from "../support/child.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { FULL_SPEED } from "./children/plan.mjs";
import { OperationHistory } from "./operation-history.ts";

const CHILD = new URL("./children/store-at-full-speed.mjs", import.meta.url);
const SEED = 4711;

describe("a process that ends without shutdown", () => {
  it.each([
    { end: "exit", code: 0, what: "process.exit in full flight" },
    { end: "throw", code: 1, what: "an uncaught error in full flight" },
  ])("loses nothing that was acknowledged: $what", async ({ end, code }) => {
    const path = await temporaryDirectory();
    const history = new OperationHistory(SEED, FULL_SPEED);
    for (const acknowledgements of [1, 500, 3000]) {
      const child = startChild(CHILD, [path, String(SEED), String(history.next), end, String(acknowledgements)]);
      expect(await child.exit, child.stderr).toEqual({ code, signal: null });
      history.ended(child.lines);
      expect(history.acknowledged).toBeGreaterThanOrEqual(acknowledgements);

      await using spool = await openSpool({ path });
      await history.checkSpool(spool);
    }
  });

  it("was not going to end by itself: an open spool keeps it alive, a closed one does not", async () => {
    const child = startChild(new URL("./children/keep-alive.mjs", import.meta.url), [await temporaryDirectory()]);
    expect(await child.exit, child.stderr).toEqual({ code: 0, signal: null });
    expect(child.lines).toEqual(["still alive", "closed"]);
  });
});
