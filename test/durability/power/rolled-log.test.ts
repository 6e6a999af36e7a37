import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { openSpool, type RocksSpool } from "rockspool";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startChild } from "../../support/child.ts";
import { payload } from "../../support/payload.mjs";
import { makeTemporaryDirectory, temporaryDirectory } from "../../support/temporary-directory.ts";
import { until } from "../../support/until.ts";
import { type Leaving, RecordedDisk } from "./disk.ts";
import { type Event, readJournal } from "./journal.ts";
import { compileRecorder, noRecorder, recorded } from "./recorder.ts";

const CHILD = new URL("./children/rolled.mjs", import.meta.url);
const NEWEST_SEGMENT_ONLY = new URL("./children/newest-segment-only.mjs", import.meta.url);
const PATIENCE_MS = 60_000;

interface Stored {
  readonly written: readonly string[];
  readonly synced: string;
  readonly reached: string;
}

interface Recording {
  readonly events: readonly Event[];
  readonly stored: Stored;
}

/** Up to when one message is synced, in the second segment, while nobody has asked for the first one's. `module`: loaded first. */
async function record(library: string, module?: URL): Promise<Recording> {
  const temporary = await temporaryDirectory();
  const root = join(temporary, "root");
  await mkdir(root);
  const journal = join(temporary, "journal");
  const imports = module === undefined ? [] : ["--import", module.href];
  const child = startChild(CHILD, [join(root, "spool")], imports, recorded(library, root, journal));
  const line = await child.line("stored ", PATIENCE_MS);
  await child.kill();
  const stored = JSON.parse(line.slice("stored ".length)) as Stored;
  expect(stored.reached).toBe("synced");
  // The last record may be half written when the process is killed.
  const events = await until(
    "the journal is whole",
    async () => readJournal(await readFile(journal), root),
    PATIENCE_MS,
  );
  return { events, stored };
}

/** What is left of the synced message, and how many of the others are there, when the power is cut then. */
async function cut(
  { events, stored }: Recording,
  bytes: Leaving["bytes"],
): Promise<{ synced: string; written: number }> {
  const disk = new RecordedDisk();
  for (const event of events) disk.apply(event);
  const directory = await temporaryDirectory();
  // Torn in the middle of a write in the middle of the segment.
  disk.leave(directory, { bytes, names: "none" }, () => 0.5);
  await using spool = await openSpool({ path: join(directory, "spool") });
  const loads = await Promise.allSettled(stored.written.map((id) => spool.load(id)));
  return {
    synced: await state(spool, stored.synced),
    written: loads.filter(({ status }) => status === "fulfilled").length,
  };
}

async function state(spool: RocksSpool, id: string): Promise<string> {
  const [health] = spool.health();
  if (health?.state !== "open") return `${health?.state}: ${health?.reason}`;
  return spool.load(id).then(
    (data) => (Buffer.compare(data, payload(1, 1000)) === 0 ? "whole" : "not whole"),
    (error: Error) => error.name,
  );
}

describe.skipIf(noRecorder !== null)("a message that is synced after the log has rolled", () => {
  let directory: string;
  let library: string;

  beforeAll(async () => {
    directory = await makeTemporaryDirectory();
    library = await compileRecorder(directory);
  });

  afterAll(() => rm(directory, { recursive: true, force: true }));

  it("survives a power cut, and so does all before it", async () => {
    const recording = await record(library);
    const written = recording.stored.written.length;
    for (const bytes of ["none", "torn", "zeros", "all"] as const) {
      expect(await cut(recording, bytes), `${bytes} of what was not synced`).toEqual({ synced: "whole", written });
    }
  });

  it("would leave a torn segment before it if only the newest were synced", async () => {
    const recording = await record(library, NEWEST_SEGMENT_ONLY);
    const { synced, written } = await cut(recording, "torn");
    const all = recording.stored.written.length;
    console.log(
      `with the newest segment synced alone, ${written} of ${all} older messages are left, the synced: ${synced}`,
    );
    expect(written).toBeLessThan(all);
  });
});
