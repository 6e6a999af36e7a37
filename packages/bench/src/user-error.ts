/** What whoever asked can put right: its message says all, no stack is shown. */
export class UserError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "UserError";
  }
}

/** Those of `all` that have `text` in their name; null for all. Throws a `UserError` where none has. */
export function named<T>(all: readonly T[], text: string | null, nameOf: (one: T) => string): T[] {
  const found = all.filter((one) => text === null || nameOf(one).includes(text));
  if (found.length === 0) throw new UserError(`nothing has "${text}" in its name`);
  return found;
}
