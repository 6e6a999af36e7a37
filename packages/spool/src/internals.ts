/** Parts that this project's own benchmarks time one by one. May change at any time. */
export { OperationMeter } from "./operations/operation-meter.ts";
export { Outcome } from "./operations/outcome.ts";
