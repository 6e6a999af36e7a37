import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openSpool, type RocksSpool, SpoolId } from "rockspool";
import { expect, it } from "vitest";
import { checkDirectory } from "../support/check-directory.ts";
import { startChild } from "../support/child.ts";
import { entriesOf } from "../support/entries.ts";
import { loadOrNull } from "../support/load-or-null.ts";
import { messageIdBytes } from "../support/message-id.mjs";
import { payload } from "../support/payload.mjs";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const ROUNDS = 5;

/**
 * A process with a spool of one shard that kills itself, with SIGKILL, in the middle of what it is told to wait for. It
 * writes down what was acknowledged before it goes on.
 */
it.each([
  { what: "a rebuild of the index", script: "die-while-rebuilding.mjs" },
  { what: "a cleaning pass", script: "die-while-cleaning.mjs" },
])("a SIGKILL in the middle of $what: nothing is lost, and nothing is there twice", async ({ script }) => {
  const directory = await temporaryDirectory();
  const path = join(directory, "spool");
  const journal = join(directory, "journal");
  await writeFile(journal, "");
  for (let round = 0; round < ROUNDS; round++) {
    const child = startChild(new URL(`./children/${script}`, import.meta.url), [path, journal]);
    expect(await child.exit, child.stderr).toEqual({ code: null, signal: "SIGKILL" });
    expect(child.lines).toContain("in the middle");
    const spool = await openSpool({ path });
    try {
      expect(spool.health()).toMatchObject([{ state: "open", latched: false, missingBatches: null }]);
      await expectJournal(spool, await readFile(journal, "utf8"));
    } finally {
      await spool.shutdown();
    }
    await checkDirectory(path);
  }
});

/** Lines of the journal: a letter and the message's number. Stored, about to be removed, removed. */
async function expectJournal(spool: RocksSpool, journal: string): Promise<void> {
  const fates = new Map<number, string>();
  for (const line of journal.split("\n").filter((one) => one !== ""))
    fates.set(Number(line.slice(1)), line[0] as string);
  const idOf = (number: number): SpoolId => SpoolId.fromBytes(messageIdBytes(0, number));
  const found = new Map<string, Uint8Array>();
  for (const entry of await entriesOf(spool)) {
    if (entry.kind === "corrupt") throw entry.error;
    expect(found.has(String(entry.id)), `${entry.id} was enumerated twice`).toBe(false);
    found.set(String(entry.id), entry.data);
  }
  const numbers = [...fates.keys()];
  const loaded = await Promise.all(numbers.map((number) => loadOrNull(spool, idOf(number))));
  for (const [i, number] of numbers.entries()) {
    const message = loaded[i] ?? null;
    const fate = fates.get(number);
    if (fate === "s") expect(message, `message ${number} was stored`).not.toBeNull();
    if (fate === "r") expect(message, `message ${number} was removed`).toBeNull();
    const enumerated = found.get(String(idOf(number))) ?? null;
    expect(enumerated === null, `message ${number} is enumerated where it loads`).toBe(message === null);
    if (message === null) continue;
    for (const bytes of [message, enumerated as Uint8Array])
      expect(Buffer.compare(bytes, payload(number, message.byteLength)), `message ${number} is whole`).toBe(0);
  }
}
