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

const CHILD = new URL("./children/two-logs.mjs", import.meta.url);
const NEWEST_LOG_ONLY = new URL("./children/newest-log-only.mjs", import.meta.url);
/** No table is on the disk before the test is over. */
const NO_TABLES = "*.sst 600000";
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

/**
 * Up to when one message is synced, in the second log, while the first log's are in no table yet. `module`: loaded
 * first.
 */
async function record(library: string, module?: URL): Promise<Recording> {
  const temporary = await temporaryDirectory();
  const root = join(temporary, "root");
  await mkdir(root);
  const journal = join(temporary, "journal");
  const env = { ...recorded(library, root, journal), RECORDER_SLOW: NO_TABLES };
  const imports = module === undefined ? [] : ["--import", module.href];
  const child = startChild(CHILD, [join(root, "spool")], imports, env);
  const line = await child.line("stored ", PATIENCE_MS);
  // A record may be half written when it is read; from the sync on nothing moves.
  const events = await until(
    "the first log's table is being synced",
    async () => {
      const all = await readFile(journal)
        .then((bytes) => readJournal(bytes, root))
        .catch(notYetWhole);
      return isSyncingTable(all) ? all : null;
    },
    PATIENCE_MS,
  );
  await child.kill();
  const stored = JSON.parse(line.slice("stored ".length)) as Stored;
  expect(stored.reached).toBe("synced");
  return { events, stored };
}

function notYetWhole(error: unknown): Event[] {
  if (error instanceof RangeError) return [];
  throw error;
}

function isSyncingTable(events: readonly Event[]): boolean {
  const tables = new Set<bigint>();
  for (const event of events) if (event.kind === "opened" && event.path.endsWith(".sst")) tables.add(event.inode);
  return events.some((event) => event.kind === "sync began" && tables.has(event.inode));
}

/** What is left of the synced message, and how many of the others are there, when the power is cut then. */
async function cut(
  { events, stored }: Recording,
  bytes: Leaving["bytes"],
): Promise<{ synced: string; written: number }> {
  const disk = new RecordedDisk();
  for (const event of events) disk.apply(event);
  const directory = await temporaryDirectory();
  // Torn in the middle of a write in the middle of the log.
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

describe.skipIf(noRecorder !== null)("a message that is synced while an older log is not in a table yet", () => {
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

  // A log that ends between two records, as the last sync may leave it, is no sign of a loss to RocksDB, which goes on
  // with the next.
  it("would be lost if only the newest log were synced and the older one were torn", async () => {
    const recording = await record(library, NEWEST_LOG_ONLY);
    const { synced, written } = await cut(recording, "torn");
    console.log(
      `with the newest log synced alone, ${written} of ${recording.stored.written.length} older messages are left`,
    );
    expect(synced).not.toBe("whole");
  });
});
