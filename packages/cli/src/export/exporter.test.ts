import { describe, expect, it } from "vitest";
import type { Context } from "../context.ts";
import type { MailTarget } from "../mail/mail-target.ts";
import { exportMail } from "./exporter.ts";

describe("exportMail", () => {
  it("shows no progress if the target cannot be opened: a bar that is never stopped keeps the process running", async () => {
    let shown = 0;
    const context = { progress: () => shown++ } as unknown as Context;
    const target = { open: () => Promise.reject(new Error("no such folder")) } as unknown as MailTarget;
    async function* entries() {}
    await expect(exportMail(context, entries(), target)).rejects.toThrow("no such folder");
    expect(shown).toBe(0);
  });
});
