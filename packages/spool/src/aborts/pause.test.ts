import { getEventListeners } from "node:events";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { pause } from "./pause.ts";

const PAUSE_MS = 1000;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Starts a pause; `ended` says whether it has resolved. */
function begin(signal: AbortSignal): { ended(): Promise<boolean> } {
  let ended = false;
  void pause(PAUSE_MS, signal).then(() => {
    ended = true;
  });
  return {
    ended: async () => {
      await Promise.resolve();
      return ended;
    },
  };
}

function listeners(signal: AbortSignal): number {
  return getEventListeners(signal, "abort").length;
}

it("resolves when the time has passed, and not before", async () => {
  const { signal } = new AbortController();
  const { ended } = begin(signal);
  vi.advanceTimersByTime(PAUSE_MS - 1);
  expect([await ended(), listeners(signal)]).toEqual([false, 1]);
  vi.advanceTimersByTime(1);
  expect([await ended(), listeners(signal), vi.getTimerCount()]).toEqual([true, 0, 0]);
});

it("resolves at the abort, and leaves no timer and no listener", async () => {
  const controller = new AbortController();
  const { ended } = begin(controller.signal);
  controller.abort();
  expect([await ended(), listeners(controller.signal), vi.getTimerCount()]).toEqual([true, 0, 0]);
});

it("resolves at once if the signal was aborted before", async () => {
  const { ended } = begin(AbortSignal.abort());
  expect([await ended(), vi.getTimerCount()]).toEqual([true, 0]);
});
