/** What the benchmark shows progress with. */
export { type Progress, startProgress } from "./progress.ts";
