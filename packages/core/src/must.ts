/** Asserts presence. Throws a plain Error (a bug), never a `SpoolError`. */
export function must<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Error(`bug: ${what} is not there`);
  return value;
}
