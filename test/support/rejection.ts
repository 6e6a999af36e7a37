import { expect } from "vitest";

/** What the promise rejects with. A promise that resolves fails the test. */
export async function rejection<E = Error>(promise: Promise<unknown>): Promise<E> {
  const resolved = Symbol("resolved");
  const outcome = await promise.then(
    (value) => ({ [resolved]: true, value }),
    (error: unknown) => ({ error }),
  );
  if (!("error" in outcome)) expect.fail(`it should have been rejected, and resolved to ${String(outcome.value)}`);
  return outcome.error as E;
}
