import type { SpoolEntry } from "rockspool";
import { messageOf } from "../errors.ts";
import { Distribution } from "./distribution.ts";

/** Corrupt entries are all counted, but only this many are shown. */
const MAX_SHOWN_CORRUPT = 20;

export interface CorruptEntry {
  readonly id: string | null;
  readonly key: string;
  readonly error: string;
}

/** What one walk over a spool's messages tells of them. Memory does not grow with the spool. */
export class SpoolStats {
  readonly sizes = new Distribution();
  corrupt = 0;
  readonly corruptShown: CorruptEntry[] = [];
  oldest: Date | null = null;
  newest: Date | null = null;

  add(entry: SpoolEntry): void {
    if (entry.kind === "corrupt") {
      this.corrupt++;
      if (this.corruptShown.length < MAX_SHOWN_CORRUPT) {
        this.corruptShown.push({ id: entry.id?.toString() ?? null, key: entry.key, error: messageOf(entry.error) });
      }
      return;
    }
    this.sizes.add(entry.data.length);
    const { created } = entry.id;
    if (this.oldest === null || created < this.oldest) this.oldest = created;
    if (this.newest === null || created > this.newest) this.newest = created;
  }
}
