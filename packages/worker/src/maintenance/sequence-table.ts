import { SPOOL_ID_BYTES } from "@rockspool/core";

/** Slots at first. Their number doubles when more than `MAX_LOAD` of them are in use. */
const INITIAL_CAPACITY = 1024;
const MAX_LOAD = 0.7;

/** Stored in place of a sequence number. RocksDB's numbers start at 0. */
const FREE = -1;
const TAKEN = -2;

/**
 * Maps each id to the newest sequence number seen for it. Open addressing with linear probing; a slot takes 24 bytes,
 * so an id takes 34 to 69, a fifth of what a `Map` keyed by strings takes.
 *
 * A sequence number above 2^53 would lose its low bits; no spool writes that often.
 */
export class SequenceTable {
  size = 0;
  #capacity = INITIAL_CAPACITY;
  #ids = new Uint8Array(INITIAL_CAPACITY * SPOOL_ID_BYTES);
  #numbers = new Float64Array(INITIAL_CAPACITY).fill(FREE);

  note(id: Uint8Array, sequence: bigint): void {
    if (this.size >= this.#capacity * MAX_LOAD) this.#grow();
    const number = Number(sequence);
    const slot = this.#slotOf(id);
    const found = this.#numbers[slot] as number;
    if (found === FREE) {
      this.#ids.set(id, slot * SPOOL_ID_BYTES);
      this.size++;
    }
    if (number > found) this.#numbers[slot] = number;
  }

  /** Whether this is the newest version of the id. True only once, because several files may hold the same version. */
  take(id: Uint8Array, sequence: bigint): boolean {
    const slot = this.#slotOf(id);
    if (this.#numbers[slot] !== Number(sequence)) return false;
    this.#numbers[slot] = TAKEN;
    return true;
  }

  /** The id's slot, or the free slot to put it in. */
  #slotOf(id: Uint8Array): number {
    let slot = hash(id) & (this.#capacity - 1);
    while (this.#numbers[slot] !== FREE && !this.#isAt(slot, id)) slot = (slot + 1) & (this.#capacity - 1);
    return slot;
  }

  #isAt(slot: number, id: Uint8Array): boolean {
    const start = slot * SPOOL_ID_BYTES;
    for (let at = 0; at < SPOOL_ID_BYTES; at++) if (this.#ids[start + at] !== id[at]) return false;
    return true;
  }

  #grow(): void {
    const [ids, numbers] = [this.#ids, this.#numbers];
    this.#capacity *= 2;
    this.#ids = new Uint8Array(this.#capacity * SPOOL_ID_BYTES);
    this.#numbers = new Float64Array(this.#capacity).fill(FREE);
    for (let old = 0; old < numbers.length; old++) {
      if (numbers[old] === FREE) continue;
      const id = ids.subarray(old * SPOOL_ID_BYTES, (old + 1) * SPOOL_ID_BYTES);
      const slot = this.#slotOf(id);
      this.#ids.set(id, slot * SPOOL_ID_BYTES);
      this.#numbers[slot] = numbers[old] as number;
    }
  }
}

/** FNV-1a. */
function hash(id: Uint8Array): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < SPOOL_ID_BYTES; at++) value = Math.imul(value ^ (id[at] as number), 0x01000193);
  return (value ^ (value >>> 15)) >>> 0;
}
