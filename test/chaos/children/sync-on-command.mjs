// Loaded first in each thread: gives the main thread a hand on every fdatasync of the shards' threads. Shared through a
// BroadcastChannel: "pass" (as usual), "hold" (they wait for the next command), "fail" (they fail as a broken disk
// does). Each call is told on "sync-calls".
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { BroadcastChannel, isMainThread } from "node:worker_threads";

if (!isMainThread) {
  const { fdatasync } = fs;
  const calls = new BroadcastChannel("sync-calls");
  const commands = new BroadcastChannel("sync-commands");
  const held = [];
  let command = "pass";

  const run = (descriptor, done) => {
    if (command === "hold") held.push([descriptor, done]);
    else if (command === "fail")
      setImmediate(done, Object.assign(new Error("EIO: i/o error, fdatasync"), { code: "EIO" }));
    else fdatasync(descriptor, done);
  };
  fs.fdatasync = (descriptor, done) => {
    calls.postMessage(command);
    run(descriptor, done);
  };
  syncBuiltinESMExports();

  commands.onmessage = ({ data }) => {
    command = data;
    calls.postMessage(`now ${data}`);
    for (const [descriptor, done] of held.splice(0)) run(descriptor, done);
  };
  calls.unref();
  commands.unref();
}
