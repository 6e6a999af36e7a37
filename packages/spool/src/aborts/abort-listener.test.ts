import { expect, it, onTestFinished } from "vitest";
import { listenForAbort } from "./abort-listener.ts";

it("warns of no leak, however many listen to one signal, and each hears the abort once", async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on("warning", onWarning);
  onTestFinished(() => void process.off("warning", onWarning));
  const abort = new AbortController();
  let heard = 0;
  for (let i = 0; i < 100; i++) listenForAbort(abort.signal, () => heard++);
  abort.abort();
  await new Promise((resolve) => setImmediate(resolve));
  expect([heard, warnings]).toEqual([100, []]);
});
