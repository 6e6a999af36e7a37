export {
  type EngineErrorKind,
  type EnumerateOptions,
  type LatchKind,
  type Logger,
  type MetricsRegistry,
  type OperationOptions,
  type Reached,
  type RocksSpoolParams,
  type ShardHealth,
  type ShardState,
  type ShardTransition,
  type ShedWhen,
  type Spool,
  SpoolBackpressureTimeoutError,
  SpoolCallerDeadlineExceededError,
  SpoolClosedError,
  SpoolConfigError,
  SpoolEngineError,
  type SpoolEntry,
  SpoolError,
  type SpoolErrorCode,
  SpoolFullError,
  SpoolId,
  type SpoolIdLike,
  SpoolLockedError,
  SpoolNotFoundError,
  type SpoolOptions,
  SpoolShardLostError,
  SpoolTooLargeError,
  SpoolUnhealthyError,
  type StoreOptions,
  type UnlatchKind,
  type WriteOutcome,
} from "@rockspool/core";
export { type AcceptedLoss, type AcceptLossOptions, acceptLoss } from "./accept-loss.ts";
export { type Layout, readLayout } from "./layout.ts";
export { openSpool } from "./open-spool.ts";
export { type ReadSpoolOptions, readSpool } from "./read-spool.ts";
export { type Resharded, type ReshardOptions, reshardSpool } from "./reshard-spool.ts";
export {
  type Salvaged,
  type SalvagedShard,
  type SalvageFinding,
  type SalvageOptions,
  salvageSpool,
} from "./salvage-spool.ts";
export type { LatchEvent, LossEvent, ShardEvent, UnlatchEvent } from "./shard-events.ts";
export type { RocksSpool } from "./spool.ts";
export {
  type CorruptEntry,
  type SpoolVerdict,
  type VerifiedShard,
  type VerifyOptions,
  verifySpool,
} from "./verify-spool.ts";
