import { expect, it, onTestFinished } from "vitest";
import { listenForAbort } from "./abort-listener.ts";

it("calls each of 100 listeners of one signal once, without Node's warning of a leak", async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on("warning", onWarning);
  onTestFinished(() => void process.off("warning", onWarning));
  const abort = new AbortController();
  let calls = 0;
  for (let i = 0; i < 100; i++) listenForAbort(abort.signal, () => calls++);
  abort.abort();
  await new Promise((resolve) => setImmediate(resolve));
  expect([calls, warnings]).toEqual([100, []]);
});
