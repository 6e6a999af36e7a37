import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { PeerName } from "../peers/peer-names.ts";

const run = promisify(execFile);
const require = createRequire(import.meta.url);

/** The peers that are npm packages. */
const PACKAGES: readonly PeerName[] = ["rockspool", "rocksdb-native", "lmdb", "classic-level", "better-sqlite3"];

/** The version of each peer's package. */
export function packageVersions(): Record<string, string> {
  return Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)]));
}

/** Read from the nearest package.json above the entry, because an exports map may hide it. */
function versionOf(name: string): string {
  let directory = dirname(require.resolve(name));
  while (!existsSync(join(directory, "package.json"))) directory = dirname(directory);
  return JSON.parse(readFileSync(join(directory, "package.json"), "utf8")).version;
}

/** The commit of the repository, with `+` if files differ from it; null without a repository. */
export async function commitOf(root: string): Promise<string | null> {
  try {
    const { stdout: commit } = await run("git", ["rev-parse", "--short", "HEAD"], { cwd: root });
    const { stdout: changes } = await run("git", ["status", "--porcelain"], { cwd: root });
    return commit.trim() + (changes === "" ? "" : "+");
  } catch {
    return null;
  }
}
