/** The table's axes. */

export const targets = ["SST", "WAL", "MANIFEST", "CURRENT", "shard directory", "rockspool.json", "mark"] as const;
export type Target = (typeof targets)[number];

export const damages = ["missing", "cut", "flipped", "garbage"] as const;
export type Damage = (typeof damages)[number];

/**
 * `open`: under an open spool. `closed`: after a clean shutdown. `killed`: after a SIGKILL, with half of the messages
 * in the log alone.
 */
export const moments = ["open", "closed", "killed"] as const;
export type Moment = (typeof moments)[number];

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
  if (target === "shard directory" && damage === "flipped")
    return "a directory has no bytes of its own to flip: its files are the rows above";
  if (target === "WAL" && moment === "closed" && (damage === "cut" || damage === "flipped"))
    return "a clean shutdown leaves the log empty";
  return null;
}

/** What was done, where the damage's name alone does not say it. */
export function doneTo({ target, damage }: Cell): string {
  if (target === "shard directory" && damage === "cut") return "emptied";
  if (target === "shard directory" && damage === "garbage") return "a file in its place";
  return damage;
}

export const cellName = ({ target, damage, moment }: Cell): string => `${target}, ${damage}, ${moment}`;
