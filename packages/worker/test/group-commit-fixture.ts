import { createStatusMemory, type ShardGate, ShardStatus, SpoolEngineError } from "@rockspool/core";
import { GroupCommit } from "../src/lanes/group-commit.ts";
import { StallCheck } from "../src/lanes/stall-check.ts";
import type { FrameAnswer } from "../src/protocol/protocol.ts";
import { BodyCodec } from "../src/store/body-codec.ts";
import { FakeEngine } from "./fake-engine.ts";
import { FakeStore } from "./fake-store.ts";
import { type Answered, answered, type SentWrite, writeFrame } from "./frames.ts";
import { Inbox, settled } from "./inbox.ts";

export const PATH = "/spool/shard-000";
export const DATA = Uint8Array.of(0xda, 0x7a);

export interface OpenLane {
  readonly lane: GroupCommit;
  readonly store: FakeStore;
  /** RocksDB's properties, for the stall check. */
  readonly engine: FakeEngine;
  readonly status: ShardStatus;
  readonly gate: ShardGate;
  readonly answers: Inbox<FrameAnswer>;
  readonly errors: Error[];
  push(ticket: number, ...records: readonly SentWrite[]): void;
  /** The next answer. */
  answer(): Promise<Answered>;
  /** Pushes a frame with one record and lets its batch succeed. */
  written(ticket: number, sync: boolean): Promise<void>;
  /** Calls `sync()` after a write, and lets the sync succeed. */
  ticked(): Promise<void>;
}

/** A group commit on a `FakeStore`, and its answers. */
export function openLane(codec = new BodyCodec("none", 0)): OpenLane {
  const store = new FakeStore();
  const engine = new FakeEngine();
  const status = new ShardStatus(createStatusMemory(1), 0);
  const answers = new Inbox<FrameAnswer>();
  const errors: Error[] = [];
  const lane = new GroupCommit({
    store,
    stallCheck: new StallCheck(engine, { level0StopWritesTrigger: null, writeBufferSize: null }),
    codec,
    status,
    path: PATH,
    answer: (answer) => answers.push(answer),
    onError: (error) => errors.push(error),
  });
  const push: OpenLane["push"] = (ticket, ...records) => lane.push(writeFrame(ticket, ...records));
  const answer = async (): Promise<Answered> => answered(await answers.next());
  const written = async (ticket: number, sync: boolean): Promise<void> => {
    push(ticket, { id: ticket, data: DATA, sync });
    (await store.writes.next()).succeed();
    await settled();
  };
  const ticked = async (): Promise<void> => {
    const synced = lane.sync();
    (await store.syncs.next()).succeed();
    await synced;
  };
  return { lane, store, engine, status, gate: status.gate, answers, errors, push, answer, written, ticked };
}

export function diskError(message: string): SpoolEngineError {
  return new SpoolEngineError(message, { kind: "io", path: PATH });
}
