/**
 * The value, which the code around it knows to be there. What is thrown otherwise is a bug of ours, not a `SpoolError`.
 */
export function must<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Error(`bug: ${what} is not there`);
  return value;
}
