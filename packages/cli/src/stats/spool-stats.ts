import type { SpoolEntry } from "rockspool";
import { messageOf } from "../errors.ts";
import { Distribution } from "./distribution.ts";

/** All corrupt entries are counted; this many are kept. */
const MAX_SHOWN_CORRUPT = 20;

export interface CorruptEntry {
  readonly id: string | null;
  readonly key: string;
  readonly error: string;
}

/** Statistics of the entries of one enumeration, in bounded memory. */
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
