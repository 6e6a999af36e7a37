import { createStatusMemory, type ShardGate, ShardStatus, SpoolEngineError } from "@rockspool/core";
import { WriteLane } from "../src/lanes/group-commit.ts";
import { Admission } from "../src/lanes/stall-check.ts";
import { ValueCodec } from "../src/lanes/value-codec.ts";
import type { FrameAnswer } from "../src/protocol/protocol.ts";
import { FakeEngine, type Operation } from "./fake-engine.ts";
import { type Answered, answered, type SentWrite, writeFrame } from "./frames.ts";
import { Inbox, settled } from "./inbox.ts";

export const PATH = "/spool/shard-000";
export const DATA = Uint8Array.of(0xda, 0x7a);

/** The reserved key with a batch's number: the last operation of a batch that is numbered. */
export function numbered(batch: number): Operation {
  return ["00", batch.toString(16).padStart(16, "0")];
}

export interface OpenLane {
  readonly lane: WriteLane;
  readonly engine: FakeEngine;
  readonly status: ShardStatus;
  readonly gate: ShardGate;
  readonly answers: Inbox<FrameAnswer>;
  readonly errors: Error[];
  push(ticket: number, ...records: readonly SentWrite[]): void;
  /** The next answer. */
  answer(): Promise<Answered>;
  /** Pushes a frame and has its batch written. */
  written(ticket: number, sync: boolean): Promise<void>;
  /** What a tick asks for, where something is written since the last: a batch that is numbered, then a sync. */
  ticked(): Promise<void>;
}

/** A lane on an engine by hand, and what comes out of it. */
export function openLane(batchNumber = 0, codec = new ValueCodec("none", 0)): OpenLane {
  const engine = new FakeEngine();
  const status = new ShardStatus(createStatusMemory(1), 0);
  const answers = new Inbox<FrameAnswer>();
  const errors: Error[] = [];
  const lane = new WriteLane({
    engine,
    admission: new Admission(engine, { level0StopWritesTrigger: null, writeBufferSize: null }),
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
