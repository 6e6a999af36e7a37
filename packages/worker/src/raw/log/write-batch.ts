import { ByteReader, MalformedError } from "../byte-reader.ts";

/** What a batch says of one key. */
export interface BatchEntry {
  readonly key: Buffer;
  readonly value: Buffer | null;
  readonly sequence: bigint;
}

/**
 * What a record of a batch consists of, after its tag: which strings, whether the number of a column family goes
 * before, and what it means.
 */
interface Form {
  readonly strings: 0 | 1 | 2;
  readonly family?: true;
  /** Absent: it means something that is never written here. */
  readonly means?: "put" | "deletion" | "nothing";
}

const FORMS: Readonly<Record<number, Form>> = {
  0: { strings: 1, means: "deletion" },
  1: { strings: 2, means: "put" },
  2: { strings: 2 }, // merge
  3: { strings: 1, means: "nothing" }, // data for readers of the log only
  4: { strings: 1, family: true, means: "deletion" },
  5: { strings: 2, family: true, means: "put" },
  6: { strings: 2, family: true },
  7: { strings: 1, means: "deletion" }, // of a key that was put once
  8: { strings: 1, family: true, means: "deletion" },
  13: { strings: 0, means: "nothing" },
  14: { strings: 2, family: true }, // deletion of a range
  15: { strings: 2 },
  16: { strings: 2, family: true }, // the place of a value in a blob file
  17: { strings: 2 },
};
const DEFAULT_FAMILY = 0;

/** The entries of one write batch, with the number of its records that no entry came of. Throws `MalformedError`. */
export function readBatch(bytes: Buffer): { readonly entries: BatchEntry[]; readonly foreign: number } {
  const reader = new ByteReader(bytes);
  const first = reader.uint64();
  const expected = reader.uint32();
  const entries: BatchEntry[] = [];
  let count = 0;
  while (!reader.done) {
    const tag = reader.byte();
    const form = FORMS[tag];
    if (form === undefined) throw new MalformedError(`a record of the batch is of type ${tag}`);
    const family = form.family ? reader.varint() : DEFAULT_FAMILY;
    const [key, value = null] = Array.from({ length: form.strings }, () => reader.prefixed());
    if (form.means === "nothing") continue;
    // Every record that concerns a key takes a sequence number.
    const sequence = first + BigInt(count++);
    if (form.means !== undefined && key !== undefined && family === DEFAULT_FAMILY)
      entries.push({ key, value, sequence });
  }
  if (count !== expected) throw new MalformedError(`the batch has ${count} records, and claims ${expected}`);
  return { entries, foreign: count - entries.length };
}
