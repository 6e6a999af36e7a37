/**
 * A queue whose members can leave from anywhere. Its first member is found, and any taken out, in constant time however many wait: a Map
 * has to step over all that left before its first one, and with 70,000 waiting their deadlines were kept 5 s late.
 */
export class Queue<T> {
  first: Member<T> | null = null;
  #last: Member<T> | null = null;

  push(value: T): Member<T> {
    const member: Member<T> = { value, before: this.#last, behind: null, in: true };
    if (this.#last === null) this.first = member;
    else this.#last.behind = member;
    this.#last = member;
    return member;
  }

  /** Whether it was still in the queue. */
  remove(member: Member<T>): boolean {
    if (!member.in) return false;
    member.in = false;
    const { before, behind } = member;
    if (before === null) this.first = behind;
    else before.behind = behind;
    if (behind === null) this.#last = before;
    else behind.before = before;
    return true;
  }

  *[Symbol.iterator](): Generator<T> {
    for (let member = this.first; member !== null; member = member.behind) yield member.value;
  }
}

export interface Member<T> {
  readonly value: T;
  before: Member<T> | null;
  behind: Member<T> | null;
  in: boolean;
}
