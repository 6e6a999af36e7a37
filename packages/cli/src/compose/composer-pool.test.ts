import { describe, expect, it } from "vitest";
// The built module: it starts its threads from the file beside it.
import { composeInThreads } from "../../dist/compose/composer-pool.js";
import { Composer } from "./composer.ts";

const COUNT = 100;

describe("composeInThreads", () => {
  it("composes the same messages as one Composer, in the same order", async () => {
    const composer = new Composer(3);
    let index = 0;
    for await (const { data, lengths } of composeInThreads(3, COUNT)) {
      let at = 0;
      for (const length of lengths) {
        expect((await composer.compose(index++)).equals(data.subarray(at, at + length))).toBe(true);
        at += length;
      }
      expect(at).toBe(data.length);
    }
    expect(index).toBe(COUNT);
  });

  it("ends its threads when the caller stops early", async () => {
    for await (const { lengths } of composeInThreads(3, 1_000_000)) {
      expect(lengths.length).toBeGreaterThan(0);
      break;
    }
    expect(process.getActiveResourcesInfo()).not.toContain("MessagePort");
  });
});
