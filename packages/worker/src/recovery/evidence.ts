import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Evidence, LogBytes } from "../engine/engine-files.ts";
import { CURRENT, isNewerManifest, logName, manifestNamedBy } from "../files/file-names.ts";

export type { Evidence, LogBytes };

/** `syncedBefore`: the logs before the mark's batch was written. */
export function withSyncedBefore(evidence: Evidence, syncedBefore: readonly LogBytes[]): Evidence {
  const bytesOf = new Map(syncedBefore.map(({ number, bytes }) => [number, bytes]));
  const logs = evidence.logs.map((log) => ({ ...log, syncedBeforeBytes: bytesOf.get(log.number) ?? 0 }));
  return { ...evidence, logs };
}

/**
 * The MANIFEST that CURRENT names and its size, synced first so that no power cut can leave less than what is said
 * here.
 */
export async function manifestEvidence(directory: string): Promise<Evidence["manifest"]> {
  const name = await currentManifest(directory);
  const file = await open(join(directory, name), "r");
  try {
    const { size } = await file.stat();
    await file.datasync();
    return { name, bytes: size };
  } finally {
    await file.close();
  }
}

/**
 * What of `evidence` is not in the directory any more, in words; null when all is there.
 * `minLogNumberToKeep` is RocksDB's: older logs were flushed to tables and may be gone.
 */
export async function missingEvidence(
  directory: string,
  evidence: Evidence,
  minLogNumberToKeep: number,
): Promise<string | null> {
  const current = await currentManifest(directory);
  const { manifest } = evidence;
  if (isNewerManifest(manifest.name, current)) return `CURRENT names ${current}, but ${manifest.name} was there`;
  if (current === manifest.name) {
    const bytes = await fileBytes(join(directory, current));
    if (bytes < manifest.bytes) return `${current} has ${bytes} bytes and had ${manifest.bytes}`;
  }
  for (const log of evidence.logs) {
    if (log.number < minLogNumberToKeep) continue;
    const name = logName(log.number);
    const bytes = await fileBytes(join(directory, name));
    if (bytes < log.bytes) return bytes < 0 ? `${name} is missing` : `${name} has ${bytes} bytes and had ${log.bytes}`;
  }
  return null;
}

/** The MANIFEST that CURRENT names. Throws where it names none. */
export async function currentManifest(directory: string): Promise<string> {
  const name = manifestNamedBy(await readFile(join(directory, CURRENT), "utf8"));
  if (name === null) throw new Error("CURRENT is corrupted: it names no MANIFEST");
  return name;
}

/** -1 where there is no such file. */
export async function fileBytes(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return -1;
    throw error;
  }
}
