import { expect, it } from "vitest";
import { startChild } from "../support/child.ts";

// In a process of its own: what is measured is memory, and a test runner has its own.
it("ten times what the spool takes, for a minute: bounded memory, kept deadlines, true outcomes", async () => {
  const child = startChild(new URL("./overload.mjs", import.meta.url), []);
  const { code } = await child.exit;
  console.log(child.lines.join("\n"));
  expect(code, child.stderr).toBe(0);
}, 600_000);
