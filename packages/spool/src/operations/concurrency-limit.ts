/** Counts the admitted operations of one kind against its `limitConcurrent*` parameter. */
export class ConcurrencyLimit {
  /** Returns null for no limit. */
  static of(max: number | null): ConcurrencyLimit | null {
    return max === null ? null : new ConcurrencyLimit(max);
  }

  readonly max: number;
  used = 0;

  constructor(max: number) {
    this.max = max;
  }

  get reached(): boolean {
    return this.used >= this.max;
  }
}
