import { createStatusMemory, type ShardGate, ShardStatus, SpoolEngineError } from "@rockspool/core";
import { GroupCommit } from "../src/lanes/group-commit.ts";
import { StallCheck } from "../src/lanes/stall-check.ts";
import { ValueCodec } from "../src/lanes/value-codec.ts";
import type { FrameAnswer } from "../src/protocol/protocol.ts";
import { FakeEngine, type Operation } from "./fake-engine.ts";
import { type Answered, answered, type SentWrite, writeFrame } from "./frames.ts";
import { Inbox, settled } from "./inbox.ts";

export const PATH = "/spool/shard-000";
export const DATA = Uint8Array.of(0xda, 0x7a);

/** The operation that writes a batch's number: the last one of a numbered batch. */
export function numbered(batch: number): Operation {
  return ["00", batch.toString(16).padStart(16, "0")];
}

export interface OpenLane {
  readonly lane: GroupCommit;
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
  /** Calls `sync()` after a write, and lets the numbered batch and the sync succeed. */
  ticked(): Promise<void>;
}

/** A group commit on a `FakeEngine`, and its answers. */
export function openLane(batchNumber = 0, codec = new ValueCodec("none", 0)): OpenLane {
  const engine = new FakeEngine();
  const status = new ShardStatus(createStatusMemory(1), 0);
  const answers = new Inbox<FrameAnswer>();
  const errors: Error[] = [];
  const lane = new GroupCommit({
    engine,
    stallCheck: new StallCheck(engine, { level0StopWritesTrigger: null, writeBufferSize: null }),
    codec,
    status,
    batchNumber,
    path: PATH,
    answer: (answer) => answers.push(answer),
    onError: (error) => errors.push(error),
  });
  const push: OpenLane["push"] = (ticket, ...records) => lane.push(writeFrame(ticket, ...records));
  const answer = async (): Promise<Answered> => answered(await answers.next());
  const written = async (ticket: number, sync: boolean): Promise<void> => {
    push(ticket, { id: ticket, data: DATA, sync });
    (await engine.writes.next()).succeed();
    await settled();
  };
  const ticked = async (): Promise<void> => {
    const synced = lane.sync();
    (await engine.writes.next()).succeed();
    (await engine.syncs.next()).succeed();
    await synced;
  };
  return { lane, engine, status, gate: status.gate, answers, errors, push, answer, written, ticked };
}

export function diskError(message: string): SpoolEngineError {
  return new SpoolEngineError(message, { kind: "io", path: PATH });
}
