import type { Life, Result } from "./experiment.ts";
import { MESSAGES } from "./observe.ts";

/**
 * `harmless`: nothing was lost, nothing was refused. `healed`: it was noticed, and all is served again, by the same
 * process or the next. `told`: messages cannot be read, or writes are not taken, and whoever asks is told. `silent`:
 * messages are lost or wrong, and nobody said so.
 */
export type Verdict = "harmless" | "healed" | "told" | "silent";

export function verdictOf({ atOnce, crash, restart }: Pick<Result, "atOnce" | "crash" | "restart">): Verdict {
  const lives = [atOnce, restart, ...(crash === null ? [] : [crash])];
  if (lives.some(isSilent)) return "silent";
  const ends = lives.slice(1);
  if (ends.some((life) => hasLost(life) || ("latched" in life && life.latched))) return "told";
  return hasLost(atOnce) || ("latched" in atOnce && atOnce.latched) ? "healed" : "harmless";
}

function isSilent(life: Life): boolean {
  if ("rejected" in life) return false;
  return life.load.lies.length > 0 || (hasLost(life) && !life.told);
}

function hasLost(life: Life): boolean {
  return "rejected" in life || life.load.read < MESSAGES || life.load.laterLost > 0;
}
