import { expect } from "vitest";
import { logPath } from "../../support/shard-files.ts";
import { until } from "../../support/until.ts";
import { PATIENCE_MS } from "../support/stage.ts";
import { Tmpfs } from "../support/tmpfs.ts";
import type { Scenario } from "./scenario.ts";

export const fullDisk: Scenario = {
  name: "a message log's disk that fills up and is freed",
  async run(stage, victim) {
    await stage.close();
    const disk = await Tmpfs.under(logPath(stage.path, victim));
    try {
      await stage.open();
      stage.startLoad();
      await stage.untilServed(victim);
      disk.fill();
      await until(
        "a write fails, of messages or of a tick",
        () => {
          disk.fill();
          return stage.spool.health()[victim]?.latched;
        },
        PATIENCE_MS,
      );
      await stage.expectRefused(victim, /^io: .*[Nn]o space/);
      const readable = await Promise.all(stage.cargo(victim).map((message) => stage.ledger.load(stage.spool, message)));
      expect(
        readable.every((ok) => ok),
        "what is there is read",
      ).toBe(true);
      const failures = stage.ledger.failuresOn(victim);
      disk.free();
      await stage.untilServed(victim);
      stage.expectOthersUntouched(victim);
      await stage.expectKept();
      return failures.join(", ");
    } finally {
      await stage.close();
      await disk.remove();
      await stage.open();
      stage.startLoad();
    }
  },
};
