import type { OpenPeer } from "./peer.ts";

/** Who is measured. A module is loaded only where it is used: a run's memory is its own peer's. */
const PEERS = {
  rockspool: { synced: true, load: async () => (await import("./rockspool.ts")).openRockspool },
  "rocksdb-native": { synced: false, load: async () => (await import("./rocksdb-native.ts")).openRocksdbNative },
  lmdb: { synced: true, load: async () => (await import("./lmdb.ts")).openLmdb },
  "lmdb, noSync": { synced: false, load: async () => (await import("./lmdb.ts")).openLmdbNoSync },
  "classic-level": { synced: true, load: async () => (await import("./classic-level.ts")).openClassicLevel },
  "better-sqlite3": { synced: true, load: async () => (await import("./better-sqlite3.ts")).openBetterSqlite3 },
  "file a message": { synced: true, load: async () => (await import("./file-a-message.ts")).openFileAMessage },
} as const satisfies Record<string, { synced: boolean; load: () => Promise<OpenPeer> }>;

export type PeerName = keyof typeof PEERS;

export const PEER_NAMES = Object.keys(PEERS) as PeerName[];

/** All but rockspool. */
export const OTHER_PEERS = PEER_NAMES.filter((name) => name !== "rockspool");

/** Those that a goal compares with. A power cut may spoil all that lmdb without syncs holds, and nobody here risks that. */
export const RIVALS = OTHER_PEERS.filter((name) => name !== "lmdb, noSync");

/** rocksdb-native has no way to sync what it wrote. */
export function canSync(name: PeerName): boolean {
  return PEERS[name].synced;
}

export function loadPeer(name: PeerName): Promise<OpenPeer> {
  return PEERS[name].load();
}
