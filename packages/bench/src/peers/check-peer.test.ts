import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/temporary-directory.ts";
import { indexOf } from "../load/keys.ts";
import { checkPeer } from "./check-peer.ts";
import type { Peer, PeerOptions } from "./peer.ts";
import { canSync, loadPeer, type PeerName } from "./peer-names.ts";

/** All but better-sqlite3, whose binary is installed only by `npm run bench`. */
const READY: readonly PeerName[] = [
  "rockspool",
  "rocksdb-native",
  "lmdb",
  "lmdb, noSync",
  "classic-level",
  "file a message",
];

function optionsIn(directory: string): PeerOptions {
  return { directory, synced: false, shards: 2, writeBufferBytes: null, compressed: false, rockspoolUrl: null };
}

describe.each(READY)("%s", (name) => {
  it("stores, replaces, removes and enumerates messages", async () => {
    await checkPeer(await loadPeer(name), optionsIn(temporaryDirectory()));
  });
});

describe.each(READY.filter(canSync))("%s, synced", (name) => {
  it("does the same", async () => {
    await checkPeer(await loadPeer(name), { ...optionsIn(temporaryDirectory()), synced: true });
  });
});

/** Opens peers that share one map in memory. `flaw` replaces one of their calls. */
function inMemory(flaw: (kept: Map<number, Uint8Array>) => Partial<Peer>): () => Promise<Peer> {
  const kept = new Map<number, Uint8Array>();
  const keyOf = new Map<number, Uint8Array>();
  const whole: Peer = {
    store: async (key, value) => {
      kept.set(indexOf(key), value);
      keyOf.set(indexOf(key), key);
    },
    load: async (key) => kept.get(indexOf(key)) ?? null,
    remove: async (key) => kept.delete(indexOf(key)),
    enumerate: async (visit) => {
      for (const [index, value] of kept) visit(keyOf.get(index) as Uint8Array, value);
    },
    settle: async () => {},
    close: async () => {},
  };
  return async () => ({ ...whole, ...flaw(kept) });
}

describe("checkPeer", () => {
  it("accepts a peer that works", async () => {
    await checkPeer(
      inMemory(() => ({})),
      optionsIn("/nowhere"),
    );
  });

  it.each<[string, string, (kept: Map<number, Uint8Array>) => Partial<Peer>]>([
    ["loses its messages when it is closed", "came back changed", (kept) => ({ close: async () => kept.clear() })],
    ["does not remove", "a removed message came back", () => ({ remove: async () => {} })],
    ["enumerates nothing", "messages were not enumerated", () => ({ enumerate: async () => {} })],
    ["returns other bytes", "came back changed", () => ({ load: async () => new Uint8Array([1, 2, 3]) })],
  ])("rejects one that %s", async (_what, message, flaw) => {
    await expect(checkPeer(inMemory(flaw), optionsIn("/nowhere"))).rejects.toThrow(message);
  });
});
