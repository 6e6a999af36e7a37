import { mkdirSync, renameSync, rmSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cutInHalf, flipMiddle, overwrite } from "../chaos/support/damage.ts";
import { seededRandom } from "../support/random.mjs";
import { indexPath, logPath, manifestFile, markPath, segmentFiles, shardFiles } from "../support/shard-files.ts";
import { type Cell, type Damage, isDirectory } from "./cells.ts";

/** The shard that is damaged; what concerns the whole spool concerns the other one too. */
export const DAMAGED = 0;

/** As much of it as a file without content gets. */
const MIN_GARBAGE_BYTES = 512;

/** Does to the spool's files what the cell says, in one go: under an open spool somebody may be writing them anew. */
export async function doDamage(spool: string, { target, damage }: Cell): Promise<void> {
  const file = await fileOf(spool, target);
  if (isDirectory(target)) damageDirectory(file, damage);
  else damageFile(file, damage);
}

async function fileOf(spool: string, target: Cell["target"]): Promise<string> {
  switch (target) {
    case "messages directory":
      return logPath(spool, DAMAGED);
    case "index directory":
      return indexPath(spool, DAMAGED);
    // They hold the older and the newer half.
    case "oldest segment":
      return (await segmentFiles(spool, DAMAGED))[0] as string;
    case "newest segment":
      return (await segmentFiles(spool, DAMAGED)).at(-1) as string;
    // The one that holds the entries of the older half.
    case "SST":
      return (await shardFiles(spool, DAMAGED, ".sst"))[0] as string;
    case "WAL":
      return (await shardFiles(spool, DAMAGED, ".log")).at(-1) as string;
    case "MANIFEST":
      return manifestFile(spool, DAMAGED);
    case "CURRENT":
      return join(await indexPath(spool, DAMAGED), "CURRENT");
    case "rockspool.json":
      return join(spool, "rockspool.json");
    case "mark":
      return markPath(spool, DAMAGED);
  }
}

function damageFile(file: string, damage: Damage): void {
  if (damage === "missing") unlinkSync(file);
  else if (damage === "cut") cutInHalf(file);
  else if (damage === "flipped") flipMiddle(file);
  else overwrite(file, garbage(Math.max(statSync(file).size, MIN_GARBAGE_BYTES)));
}

/** In as few steps as can be: a shard that looks in between must see all of it gone, and not a part. */
function damageDirectory(directory: string, damage: Damage): void {
  const aside = `${directory}.aside`;
  const instead = `${directory}.instead`;
  if (damage === "cut") mkdirSync(instead);
  if (damage === "garbage") writeFileSync(instead, garbage(MIN_GARBAGE_BYTES));
  renameSync(directory, aside);
  if (damage !== "missing") renameSync(instead, directory);
  rmSync(aside, { recursive: true });
}

function garbage(bytes: number): Uint8Array {
  const random = seededRandom(bytes);
  return Uint8Array.from({ length: bytes }, () => random() * 256);
}
