/**
 * A store that is measured. Each implementation uses it in the way that its documentation says is fast. Keys have 16
 * bytes and belong to the caller; a value belongs to the peer until the promise settles.
 */
export interface Peer {
  /** Resolves when the message is written to the operating system, and with `synced`, to the disk. */
  store(key: Uint8Array, value: Uint8Array): Promise<unknown>;
  /** Null if there is no such message. */
  load(key: Uint8Array): Promise<Uint8Array | null>;
  /** As durable as a store. A missing key is no error. */
  remove(key: Uint8Array): Promise<unknown>;
  /** Calls `visit` with the key and value of every message. */
  enumerate(visit: (key: Uint8Array, value: Uint8Array) => void): Promise<void>;
  /** Compacts or checkpoints, where the peer can. Called with no operation in flight. */
  settle(): Promise<void>;
  /** Flushes and closes. Called with no operation in flight. */
  close(): Promise<void>;
}

export interface PeerOptions {
  /** An existing directory. */
  readonly directory: string;
  /** Whether a store or remove resolves only when it is on the disk. */
  readonly synced: boolean;
  /** For peers with shards. */
  readonly shards: number;
  /** Bytes of a memtable, for peers that have one. Null: the default of the peer. */
  readonly writeBufferBytes: number | null;
  /** Whether values are compressed, for peers that can do that. */
  readonly compressed: boolean;
  /** The URL of the rockspool module to import; null for the installed one. */
  readonly rockspoolUrl: string | null;
}

export type OpenPeer = (options: PeerOptions) => Promise<Peer>;
