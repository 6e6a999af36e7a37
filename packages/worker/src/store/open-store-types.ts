import type { EngineModule, EngineOptions } from "../engine/engine.ts";
import type { LogIdentity } from "../log/block-format.ts";
import type { MessageStore } from "./message-store.ts";

export interface OpenStore {
  /** The shard's directory, which is also that of its first index. */
  readonly path: string;
  readonly logPath: string;
  readonly markPath: string;
  readonly identity: LogIdentity;
  readonly fresh: boolean;
  readonly module: EngineModule;
  readonly options: Omit<EngineOptions, "mode">;
  readonly segmentBytes: number;
  /** `fsync` instead of `fdatasync`. */
  readonly fullSync: boolean;
  onProgress(doing: string, records: number): void;
}

export interface OpenedStore {
  readonly store: MessageStore;
  /** What is missing; null for a sound shard. A shard with a loss takes no writes. */
  readonly loss: StoreLoss | null;
  /** Lines for the spool's logger. */
  readonly notes: readonly string[];
}

export interface StoreLoss {
  readonly reason: string;
  readonly missing: { readonly from: number; readonly to: number } | null;
}
