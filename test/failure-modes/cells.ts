/** The table's axes. */

export const targets = [
  "oldest segment",
  "newest segment",
  "messages directory",
  "mark",
  "rockspool.json",
  "SST",
  "WAL",
  "MANIFEST",
  "CURRENT",
  "index directory",
] as const;
export type Target = (typeof targets)[number];

export const damages = ["missing", "cut", "flipped", "garbage"] as const;
export type Damage = (typeof damages)[number];

/**
 * `open`: under an open spool. `closed`: after a clean shutdown. `killed`: after a SIGKILL, with an index that is
 * behind the message log.
 */
export const moments = ["open", "closed", "killed"] as const;
export type Moment = (typeof moments)[number];

/** RocksDB's files: no message is lost with them. */
export const disposable: readonly Target[] = ["SST", "WAL", "MANIFEST", "CURRENT", "index directory"];

export interface Cell {
  readonly target: Target;
  readonly damage: Damage;
  readonly moment: Moment;
}

export const cells: readonly Cell[] = targets.flatMap((target) =>
  damages.flatMap((damage) => moments.map((moment) => ({ target, damage, moment }))),
);

/** Why a combination cannot be; null where it can. */
export function notApplicable({ target, damage, moment }: Cell): string | null {
  if (isDirectory(target) && damage === "flipped")
    return "a directory has no bytes of its own to flip: its files are the rows above";
  if (target === "WAL" && moment === "closed" && (damage === "cut" || damage === "flipped"))
    return "a clean shutdown leaves RocksDB's log empty";
  return null;
}

/** What was done, where the damage's name alone does not say it. */
export function doneTo({ target, damage }: Cell): string {
  if (isDirectory(target) && damage === "cut") return "emptied";
  if (isDirectory(target) && damage === "garbage") return "a file in its place";
  return damage;
}

export function isDirectory(target: Target): target is "messages directory" | "index directory" {
  return target === "messages directory" || target === "index directory";
}

export const cellName = ({ target, damage, moment }: Cell): string => `${target}, ${damage}, ${moment}`;
