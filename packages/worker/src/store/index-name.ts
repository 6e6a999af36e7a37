import { readdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** `shard-000`, then `shard-000-index-2`, `shard-000-index-3`, … */
export function nextIndexName(first: string, current: string): string {
  const number = current === first ? 1 : Number(current.slice(`${first}-index-`.length));
  return `${first}-index-${number + 1}`;
}

/** Removes directories of indexes that the mark does not name: of the one before, and of interrupted rebuilds. */
export function removeOtherIndexes(path: string, current: string): void {
  const [parent, first] = [dirname(path), basename(path)];
  for (const name of readdirSync(parent)) {
    const isIndex = name === first || name.startsWith(`${first}-index-`);
    if (isIndex && name !== current) rmSync(join(parent, name), { recursive: true, force: true });
  }
}
