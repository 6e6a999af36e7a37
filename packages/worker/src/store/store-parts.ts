import type { Engine, StoreHooks } from "../engine/engine.ts";
import type { LogIdentity } from "../log/block-format.ts";
import type { LogMark } from "../log/log-mark.ts";
import type { MessageLog } from "../log/message-log.ts";

/** What a message store is made of. */
export interface StoreParts {
  readonly log: MessageLog;
  readonly index: Engine;
  /** The shard's directory, for errors. */
  readonly path: string;
  readonly identity: LogIdentity;
  readonly markPath: string;
  readonly boot: string | null;
  readonly epoch: number;
  readonly holes: LogMark["holes"];
  /** The name of the index's directory. */
  readonly indexName: string;
  /** The position that the index has in its tables. */
  readonly applied: LogMark["applied"];
  readonly hooks: StoreHooks;
}
