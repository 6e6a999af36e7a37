import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { abortable } from "./abortable.ts";

describe("abortable", () => {
  it("settles as the work does if the signal is not aborted, and leaves no listener", async () => {
    const { signal } = new AbortController();
    expect(await abortable(signal, () => Promise.resolve(1))).toBe(1);
    expect(await abortable(undefined, () => Promise.resolve(2))).toBe(2);
    await expect(abortable(signal, () => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  it("rejects with the reason of a signal aborted before or during the work, and ignores its later failure", async () => {
    await expect(abortable(AbortSignal.abort("before"), () => Promise.resolve(1))).rejects.toBe("before");
    const abort = new AbortController();
    let fail: (reason: Error) => void = () => {};
    const work = new Promise<never>((_, reject) => {
      fail = reject;
    });
    const result = abortable(abort.signal, () => work);
    abort.abort("meanwhile");
    await expect(result).rejects.toBe("meanwhile");
    fail(new Error("ignored"));
    await new Promise((resolve) => setImmediate(resolve));
    expect(getEventListeners(abort.signal, "abort")).toHaveLength(0);
  });
});
