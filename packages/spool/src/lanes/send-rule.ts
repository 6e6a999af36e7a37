/**
 * When a frame is sent. Frames with a record that waits for a sync are counted apart from the others. Frames still
 * leave in order, so one that must wait holds back those behind it. A frame is full when the next record does not fit.
 *
 * | frame                     | none of its kind in flight | others of its kind in flight     | most in flight |
 * |---------------------------|----------------------------|----------------------------------|----------------|
 * | no record waits for sync  | at the end of the turn     | once full, or with 16 records    | 2              |
 * | a record waits for a sync | at the end of the turn     | once full                        | 3              |
 */
interface SendRule {
  readonly maxInFlight: number;
  /** A frame that is not full needs this many records to be sent beside others. */
  readonly minRecords: number;
}

const PLAIN: SendRule = {
  // One executing, one queued. A third gains nothing.
  maxInFlight: 2,
  // A smaller frame would save one hop and cost four. Sending all frames takes 15 % more CPU at 64 to 512 in flight;
  // sending only full ones slows 512 loads by 10 % and 64 stores by 7 %.
  minRecords: 16,
};

const SYNC: SendRule = {
  // One being synced, one written that waits for the next sync, and one being written.
  maxInFlight: 3,
  // A sync takes long: the more records share one, the better.
  minRecords: Number.POSITIVE_INFINITY,
};

/** Frames of both kinds that can be in flight. */
export const MAX_FRAMES_IN_FLIGHT = PLAIN.maxInFlight + SYNC.maxInFlight;

/** Whether a frame may be sent now, beside `inFlight` frames of its kind. */
export function maySend(sync: boolean, full: boolean, records: number, inFlight: number): boolean {
  if (inFlight === 0) return true;
  const { maxInFlight, minRecords } = sync ? SYNC : PLAIN;
  return inFlight < maxInFlight && (full || records >= minRecords);
}
