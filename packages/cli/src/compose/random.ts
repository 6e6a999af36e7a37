/**
 * A seeded generator (sfc32): the same seed and stream give the same numbers on every machine. Each message has its own
 * stream, so that it can be composed without the messages before it.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number, stream = 0) {
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 2 ** 32) | 0;
    this.#c = stream | 0;
    // Neighbouring seeds and streams give similar numbers in the first rounds.
    for (let round = 0; round < WARM_UP_ROUNDS; round++) this.uint32();
  }

  uint32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** In [0, 1). */
  fraction(): number {
    return this.uint32() / 2 ** 32;
  }

  /** A whole number in [min, max]. */
  between(min: number, max: number): number {
    return min + Math.floor(this.fraction() * (max - min + 1));
  }

  /** A whole number in [min, max], log-uniform as the sizes of mail are: 1 to 2 is as likely as 100 to 200. */
  logBetween(min: number, max: number): number {
    return Math.round(min * (max / min) ** this.fraction());
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.fraction() * list.length)] as T;
  }

  /** An entry of a list that is sorted by frequency: the first ones are picked more often than the last. */
  pickEarly<T>(list: readonly T[]): T {
    const fraction = this.fraction();
    return list[Math.floor(fraction * fraction * list.length)] as T;
  }

  shuffle<T>(list: T[]): T[] {
    for (let at = list.length - 1; at > 0; at--) {
      const other = this.between(0, at);
      [list[at], list[other]] = [list[other] as T, list[at] as T];
    }
    return list;
  }
}

const WARM_UP_ROUNDS = 15;
