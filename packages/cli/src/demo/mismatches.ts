import { MismatchError } from "../errors.ts";
import { plural } from "../terminal/format.ts";

/** Counts mismatches by kind, with one example of each. */
export class Mismatches {
  readonly #found = new Map<string, { count: number; readonly example: string }>();

  add(kind: string, id: string): void {
    const found = this.#found.get(kind);
    if (found === undefined) this.#found.set(kind, { count: 1, example: id });
    else found.count++;
  }

  throwIfAny(): void {
    if (this.#found.size === 0) return;
    const kinds = [...this.#found].map(
      ([kind, { count, example }]) => `${plural(count, "message")} ${kind} (${example})`,
    );
    throw new MismatchError(`the spool does not hold what was stored: ${kinds.join(", ")}`);
  }
}
