import type { MessageSize, PayloadKind } from "../load/payloads.ts";
import type { PeerName } from "../peers/peer-names.ts";

/**
 * What a run does with its peer:
 *
 * | workload     | what is timed                                                                            |
 * |--------------|------------------------------------------------------------------------------------------|
 * | `store`      | stores of new messages                                                                   |
 * | `load`       | loads of messages drawn evenly from all of the fixture                                   |
 * | `recent`     | loads of messages drawn evenly from those that this run has stored before                |
 * | `remove`     | removes of messages that this run has stored before, each once                           |
 * | `life-cycle` | a store, then a load, then a remove of one message: one operation                        |
 * | `churn`      | a store, then a remove of the same message: one operation                                |
 * | `enumerate`  | repeated enumerations of the fixture: one operation is one message                       |
 * | `open`       | opening the fixture once, until a message is loaded                                      |
 * | `populate`   | stores of `messages`, then a compaction: this makes a fixture                            |
 * | `fill`       | the same without the compaction                                                          |
 * | `check`      | nothing: runs `checkPeer`                                                                |
 */
export type Workload =
  | "store"
  | "load"
  | "recent"
  | "remove"
  | "life-cycle"
  | "churn"
  | "enumerate"
  | "open"
  | "populate"
  | "fill"
  | "check";

/** When operations begin: so that a fixed number is in flight, or at a fixed rate. */
export type Arrival =
  | { readonly kind: "closed"; readonly inFlight: number }
  | { readonly kind: "open"; readonly ratePerSecond: number };

/** One run, in its own process. */
export interface RunSpec {
  readonly peer: PeerName;
  readonly workload: Workload;
  readonly arrival: Arrival;
  readonly synced: boolean;
  readonly shards: number;
  readonly size: MessageSize;
  readonly payload: PayloadKind;
  readonly compressed: boolean;
  readonly writeBufferBytes: number | null;
  /** The time before the measured time, with the same operations. */
  readonly warmupSeconds: number;
  /** The measured time. Null: until `messages` operations have ended. */
  readonly seconds: number | null;
  /** Messages in the fixture, messages that are stored before, or operations of the run, by workload. */
  readonly messages: number;
  readonly rockspoolUrl: string | null;
}

/** The run that series change: stores of 1 KiB of random bytes, not compressed, two shards. */
export const DEFAULT_SPEC: RunSpec = {
  peer: "rockspool",
  workload: "store",
  arrival: { kind: "closed", inFlight: 512 },
  synced: false,
  shards: 2,
  size: 1024,
  payload: "random",
  compressed: false,
  writeBufferBytes: null,
  warmupSeconds: 0.5,
  seconds: 2,
  messages: 0,
  rockspoolUrl: null,
};
