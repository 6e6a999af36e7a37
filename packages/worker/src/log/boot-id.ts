import { readFileSync } from "node:fs";

const BOOT_ID = "/proc/sys/kernel/random/boot_id";

/**
 * Identifies this boot of this machine. Within one boot the page cache outlives a process, so every completed write is
 * still there. Null if the system has no boot id: then every unclean end counts as a power cut.
 */
export function bootId(): string | null {
  try {
    return readFileSync(BOOT_ID, "latin1").trim();
  } catch {
    return null;
  }
}
