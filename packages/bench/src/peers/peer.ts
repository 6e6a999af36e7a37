/**
 * What is measured, behind one interface: each peer is used the way its documentation says is fast. Keys are 16 bytes and belong to
 * the caller; a value belongs to the peer until the promise settles.
 */
export interface Peer {
  /** Resolves when the message is durable: synced to the disk if the peer was opened `synced`, with the operating system if not. */
  store(key: Uint8Array, value: Uint8Array): Promise<unknown>;
  /** Null where there is nothing. */
  load(key: Uint8Array): Promise<Uint8Array | null>;
  /** A key that is not there is no error. As durable as a store. */
  remove(key: Uint8Array): Promise<unknown>;
  /** Visits every message, keys and values both read. Resolves at the end. */
  enumerate(visit: (key: Uint8Array, value: Uint8Array) => void): Promise<void>;
  /** Lets the peer bring its tables into their final shape, where it has such a thing. Nothing is under way. */
  settle(): Promise<void>;
  /** Writes out and closes. Nothing is under way. */
  close(): Promise<void>;
}

export interface PeerOptions {
  /** A directory that is there. */
  readonly directory: string;
  /** Whether a store or remove is on the disk when it resolves. */
  readonly synced: boolean;
  /** Parts with a thread each; for those that have such. */
  readonly shards: number;
  /** Bytes of a memtable; for those that have one. Null: the peer's own default. */
  readonly writeBufferBytes: number | null;
  /** Whether values may be compressed; for those that can. */
  readonly compressed: boolean;
  /** Where to import rockspool from: a module's URL, or null for the one that is installed. */
  readonly rockspoolUrl: string | null;
}

export type OpenPeer = (options: PeerOptions) => Promise<Peer>;
