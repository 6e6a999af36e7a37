import type { Engine } from "../engine/engine.ts";
import type { LogIdentity } from "../log/block-format.ts";
import { blocksFrom } from "../log/blocks-from.ts";
import type { InspectedLog } from "../log/log-inspection.ts";
import { segmentName } from "../log/segment-file.ts";
import type { Gap, ScannedBlock } from "../log/segment-scan.ts";
import { IndexEntries } from "./index-entries.ts";

/** Applies the blocks of a log to an index, in order, from a position on. */
export interface Replay {
  readonly directory: string;
  readonly identity: LogIdentity;
  readonly log: Pick<InspectedLog, "segments" | "holes">;
  readonly from: { readonly segment: number; readonly offset: number };
  readonly index: Engine;
  /** Called after each batch with the number of records applied so far. */
  onProgress?(records: number): void;
}

export interface Replayed {
  readonly records: number;
  /** Stretches that the log should have had whole and has not, in words. */
  readonly damage: readonly string[];
}

/** Large enough to make the cost of a batch negligible, small enough to let the thread do other work in between. */
const MAX_BATCH_RECORDS = 4096;

export async function replay({ directory, identity, log, from, index, onProgress }: Replay): Promise<Replayed> {
  const entries = new IndexEntries();
  const damage: string[] = [];
  const onGap = (segment: number, { from, to }: Gap): void => {
    damage.push(`${segmentName(segment)} from ${from} to ${to}`);
  };
  let blocks: ScannedBlock[] = [];
  let waiting = 0;
  let records = 0;
  const apply = async (): Promise<void> => {
    const batch = blocks;
    entries.begin(waiting);
    await index.write((into) => {
      for (const block of batch) entries.add(into, block);
    });
    records += waiting;
    blocks = [];
    waiting = 0;
    onProgress?.(records);
  };
  for (const block of blocksFrom(directory, identity, log, from, onGap)) {
    blocks.push(block);
    waiting += block.records;
    if (waiting >= MAX_BATCH_RECORDS) await apply();
  }
  if (waiting > 0) await apply();
  return { records, damage };
}
