/** The process of a run: it gets the run in a message, sends the result, and ends. */
import { loadPeer } from "../peers/peer-names.ts";
import type { ChildRequest, ChildResponse } from "./protocol.ts";
import { runWorkload } from "./workloads.ts";

// The parent has ended: the run would only fill a directory that is never removed.
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
