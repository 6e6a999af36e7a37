/** For this project's own benchmarks: the pieces of a message's way that are timed one by one. May change at any time. */
export { OperationMeter } from "./operations/operation-meter.ts";
export { Outcome } from "./operations/outcome.ts";
