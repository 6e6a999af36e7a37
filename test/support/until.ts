const POLL_MS = 5;

/**
 * Polls until `condition` gives something truthy, and returns it. A test that waits says for what, and for how long at
 * most.
 */
export async function until<T>(
  what: string,
  condition: () => T | null | Promise<T | null>,
  deadlineMs = 60_000,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > end) throw new Error(`${deadlineMs} ms were not enough until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
