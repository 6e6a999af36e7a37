import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { logNumber } from "../files/file-names.ts";
import { firstDamage } from "../raw/log/first-damage.ts";
import { readMark } from "./mark.ts";

/**
 * What RocksDB drops without a word when it is opened: of a log everything from the first record on that is not whole.
 * Behind the bytes that were synced before the mark's batch nobody can tell whether a crash of the machine left it so,
 * where nothing was synced, or a disk spoiled it; so it is said. In words, null where all is whole. A log that was cut
 * at a record's end looks whole.
 *
 * The bytes synced before the batch are not read: damage there also loses its number. Nor are logs before
 * `minLogNumberToKeep`: RocksDB reads none of them. Never rejects.
 */
export async function unreadLogs(
  directory: string,
  markPath: string,
  minLogNumberToKeep: number,
): Promise<string | null> {
  const mark = await readMark(markPath).catch(() => null);
  const syncedBefore = new Map(mark?.evidence?.logs.map((log) => [log.number, log.syncedBeforeBytes]));
  const unread: string[] = [];
  // A directory that cannot be listed is for the engine to tell of.
  for (const name of (await readdir(directory).catch((): string[] => [])).sort()) {
    const number = logNumber(name);
    if (number === null || number < minLogNumberToKeep) continue;
    // This only warns: what cannot be opened or read, or has gone since, is for the engine to tell of.
    const why = await firstDamage(join(directory, name), syncedBefore.get(number) ?? 0).catch(() => null);
    if (why !== null) unread.push(`${name} ${why}`);
  }
  return unread.length === 0 ? null : unread.join("; ");
}
