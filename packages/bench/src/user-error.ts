/** An error that the user can correct. It is printed without its stack. */
export class UserError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "UserError";
  }
}

/** The items whose name contains `text`; all if it is null. Throws a `UserError` if there are none. */
export function selectByName<T>(all: readonly T[], text: string | null, nameOf: (item: T) => string): T[] {
  const found = all.filter((item) => text === null || nameOf(item).includes(text));
  if (found.length === 0) throw new UserError(`nothing has "${text}" in its name`);
  return found;
}
