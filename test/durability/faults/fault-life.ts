import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { openSpool } from "rockspool";
import { expect } from "vitest";
import { Child } from "../../support/child.ts";
import { makeTemporaryDirectory } from "../../support/temporary-directory.ts";
import { FAULTY } from "../children/plan.mjs";
import { OperationHistory } from "../operation-history.ts";
import { RecordedDisk } from "../power/disk.ts";
import { readJournal } from "../power/journal.ts";
import { type Fault, recorded } from "../power/recorder.ts";

const CHILD = new URL("./children/live-with-a-fault.mjs", import.meta.url);
const LIFE_MS = 180_000;

/** The calls that may fail, and on which files. */
export const FAULTS: readonly Pick<Fault, "call" | "files">[] = [
  { call: "create", files: "*.seg" },
  { call: "create", files: "*.log" },
  { call: "create", files: "*.sst" },
  { call: "create", files: "MANIFEST-*" },
  { call: "create", files: "*.mark.tmp" },
  { call: "write", files: "*.seg" },
  { call: "write", files: "*.log" },
  { call: "write", files: "*.sst" },
  { call: "write", files: "MANIFEST-*" },
  { call: "write", files: "*.mark.tmp" },
  { call: "sync", files: "*.seg" },
  { call: "sync", files: "*.sst" },
  { call: "sync", files: "MANIFEST-*" },
  { call: "sync", files: "*.mark.tmp" },
  { call: "sync", files: "shard-*-messages" },
  { call: "sync", files: "spool" },
  { call: "rename", files: "CURRENT" },
  { call: "rename", files: "*.mark" },
  { call: "rename", files: "rockspool.json" },
];

/**
 * A life with one fault in it: every call settles, what was acknowledged is there at the next open, and what was
 * acknowledged as synced even if the power goes at the end. Resolves to whether the fault happened at all.
 */
export async function liveWith(library: string, fault: Fault, seed: number): Promise<boolean> {
  const temporary = await makeTemporaryDirectory();
  try {
    return await live(library, fault, seed, temporary);
  } catch (error) {
    const { call, files, nth, code } = fault;
    throw new Error(`${call} of ${files}, number ${nth}, ${code}, seed ${seed}: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function live(library: string, fault: Fault, seed: number, temporary: string): Promise<boolean> {
  const [root, left, journal] = ["root", "left", "journal"].map((name) => join(temporary, name)) as [
    string,
    string,
    string,
  ];
  await Promise.all([mkdir(root), mkdir(left)]);
  const path = join(root, "spool");
  const child = new Child(CHILD, [path, String(seed)], [], recorded(library, root, journal, fault));
  let told: { errors: string[]; refusals: string[]; restarts: number };
  try {
    told = JSON.parse((await child.line("lived ", LIFE_MS)).slice("lived ".length));
    expect(await child.exit, child.stderr).toEqual({ code: 0, signal: null });
  } finally {
    await child.kill();
  }
  expect(told.refusals.filter((text) => text.startsWith("no outcome"))).toEqual([]);
  expect(told.restarts, "a thread died of it").toBe(0);
  await checkSpool(path, seed, child.lines, "the operating system");

  const events = readJournal(await readFile(journal), root);
  const disk = new RecordedDisk();
  for (const event of events) disk.apply(event);
  disk.leave(left, { bytes: "none", names: "none" }, Math.random);
  await checkSpool(join(left, "spool"), seed, child.lines, "the disk");
  return events.some(({ kind }) => kind === "failed");
}

async function checkSpool(
  path: string,
  seed: number,
  lines: readonly string[],
  left: "the operating system" | "the disk",
): Promise<void> {
  const history = new OperationHistory(seed, FAULTY);
  history.ended(lines, left);
  await using spool = await openSpool({ path });
  await history.checkSpool(spool);
}
