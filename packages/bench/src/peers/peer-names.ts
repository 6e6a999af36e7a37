import type { OpenPeer } from "./peer.ts";

/** The peers. A module is loaded only in the runs of its peer, so that their memory has no other peer in it. */
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

/** Those that goals compare with: not lmdb with `noSync`, because a power cut may corrupt its whole database. */
export const RIVALS = OTHER_PEERS.filter((name) => name !== "lmdb, noSync");

/** rocksdb-native cannot sync, and lmdb with `noSync` does not. */
export function canSync(name: PeerName): boolean {
  return PEERS[name].synced;
}

export function loadPeer(name: PeerName): Promise<OpenPeer> {
  return PEERS[name].load();
}
