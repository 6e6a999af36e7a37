import type { MessageSize, PayloadKind } from "../load/payloads.ts";
import type { PeerName } from "../peers/peer-names.ts";

/**
 * What a run does to its peer:
 *
 * | workload     | what is timed                                                                            |
 * |--------------|------------------------------------------------------------------------------------------|
 * | `store`      | stores of new messages                                                                   |
 * | `load`       | loads of messages drawn evenly from all of the fixture                                   |
 * | `recent`     | loads of messages drawn evenly from those that this run has just stored                  |
 * | `remove`     | removes of messages that this run has stored before, each once                           |
 * | `life-cycle` | a store, then a load, then a remove of one message: one operation                        |
 * | `churn`      | a store, then a remove of the same message: one operation                                |
 * | `enumerate`  | visits of all messages of the fixture, again and again; an operation is one message      |
 * | `open`       | opening the fixture, until a first message is loaded; once                               |
 * | `populate`   | stores of `messages`, then what the peer does to settle: this makes a fixture            |
 * | `fill`       | the same without settling: tables as they happen to be                                   |
 * | `check`      | nothing: whether the peer keeps what it is given                                         |
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

/** How operations are begun: so many under way at a time, or so many a second whatever becomes of them. */
export type Arrival =
  | { readonly kind: "closed"; readonly inFlight: number }
  | { readonly kind: "open"; readonly ratePerSecond: number };

/** One run, in a process of its own. */
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
  /** What is timed begins after so many seconds of the same. */
  readonly warmupSeconds: number;
  /** How long is timed. Null: until `messages` are done. */
  readonly seconds: number | null;
  /** Messages that the fixture holds, that are stored beforehand, or that end the run. */
  readonly messages: number;
  readonly rockspoolUrl: string | null;
}

/** What most runs have in common: 1 KiB of random bytes, not compressed, two shards. */
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
