/** A run's process: gets its run in a message, answers with what it found, and ends. */
import { loadPeer } from "../peers/peer-names.ts";
import type { ChildRequest, ChildResponse } from "./protocol.ts";
import { runWorkload } from "./workloads.ts";

// A parent that is gone waits for nothing: what goes on would only fill a disk that nobody tidies.
process.on("disconnect", () => process.exit(1));

process.once("message", async ({ spec, directory }: ChildRequest) => {
  let response: ChildResponse;
  try {
    response = { result: await runWorkload(await loadPeer(spec.peer), spec, directory) };
  } catch (error) {
    response = { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  process.send?.(response, () => process.exit("error" in response ? 1 : 0));
});
