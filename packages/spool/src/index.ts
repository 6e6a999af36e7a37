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
export { type Layout, readLayout } from "./directory/layout.ts";
export { type AcceptedLoss, type AcceptLossOptions, acceptLoss } from "./maintenance/accept-loss.ts";
export { type ReadSpoolOptions, readSpool } from "./maintenance/read-spool.ts";
export { type Resharded, type ReshardOptions, reshardSpool } from "./maintenance/reshard-spool.ts";
export {
  type Salvaged,
  type SalvagedShard,
  type SalvageOptions,
  type SalvageProblem,
  salvageSpool,
} from "./maintenance/salvage-spool.ts";
export {
  type CorruptEntry,
  type SpoolVerdict,
  type VerifiedShard,
  type VerifyOptions,
  verifySpool,
} from "./maintenance/verify-spool.ts";
export { openSpool } from "./open-spool.ts";
export type { LatchEvent, LossEvent, ShardEvent, UnlatchEvent } from "./shards/shard-events.ts";
export type { RocksSpool } from "./spool.ts";
