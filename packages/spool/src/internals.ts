/** For this project's own benchmarks: the pieces of a message's way that are timed one by one. May change at any time. */
export { OperationMeter } from "./operation-meter.ts";
export { Outcome } from "./outcome.ts";
export { shardOf } from "./routing.ts";
