import { describe, expect, it } from "vitest";
import { noRecorder } from "../power/recorder.ts";
import { FAULTS, liveWith } from "./fault-life.ts";

/** As far into a life as every one of these calls gets. */
const NTH = 2;

describe.skipIf(noRecorder !== null)("one call of the file system that fails", () => {
  it.each(FAULTS)("is told truly and loses nothing: $call of $files", async ({ call, files }) => {
    const code = call === "write" ? "ENOSPC" : "EIO";
    const nth = files === "rockspool.json" ? 1 : NTH;
    expect(await liveWith({ call, files, nth, code }, 7), "it happened").toBe(true);
  });
});
