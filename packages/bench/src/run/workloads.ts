import { closedLoop, type Operation } from "../load/closed-loop.ts";
import { keyOf } from "../load/keys.ts";
import { openLoop } from "../load/open-loop.ts";
import { Payloads } from "../load/payloads.ts";
import { checkPeer } from "../peers/check-peer.ts";
import type { OpenPeer, Peer, PeerOptions } from "../peers/peer.ts";
import { Measurement } from "./measurement.ts";
import type { RunResult } from "./run-result.ts";
import type { RunSpec } from "./run-spec.ts";

const MS_PER_SECOND = 1000;
/** Operations in flight while messages are stored before the measurement. */
const POPULATE_IN_FLIGHT = 512;
/** Limits that time: a slow peer stores fewer messages. */
const POPULATE_MAX_SECONDS = 4;
/** Messages that a `recent` run stores first. */
const RECENT_MESSAGES = 10_000;

/** Does one run in this process. `directory` exists; it is that of the run or of its fixture. */
export async function runWorkload(openPeer: OpenPeer, spec: RunSpec, directory: string): Promise<RunResult | null> {
  const { synced, shards, writeBufferBytes, compressed, rockspoolUrl } = spec;
  const options = { directory, synced, shards, writeBufferBytes, compressed, rockspoolUrl };
  if (spec.workload === "check") {
    await checkPeer(openPeer, options);
    return null;
  }
  if (spec.workload === "open") return timeOpening(openPeer, options, spec);
  const peer = await openPeer(options);
  switch (spec.workload) {
    case "populate":
      return populate(peer, spec, () => peer.settle());
    case "fill":
      return populate(peer, spec, async () => {});
    case "enumerate":
      return enumerate(peer, spec);
    case "store":
      return store(peer, spec);
    case "load":
      return drive(peer, spec, load(peer, spec.messages));
    case "recent": {
      const stored = await storeFirst(peer, spec, RECENT_MESSAGES);
      return drive(peer, spec, load(peer, stored));
    }
    case "remove": {
      const stored = await storeFirst(peer, spec, spec.messages);
      return drive(peer, spec, (index) => peer.remove(keyOf(index)), stored);
    }
    case "life-cycle":
      return lifeCycle(peer, spec, true);
    case "churn":
      return lifeCycle(peer, spec, false);
  }
}

function store(peer: Peer, spec: RunSpec): Promise<RunResult> {
  const payloads = new Payloads(spec.size, spec.payload);
  let bytes = 0;
  const operation: Operation = (index) => {
    const message = payloads.at(index);
    bytes += message.byteLength;
    return peer.store(keyOf(index), message);
  };
  return drive(peer, spec, operation, Number.POSITIVE_INFINITY, () => bytes);
}

function load(peer: Peer, messages: number): Operation {
  return async () => {
    const index = Math.floor(Math.random() * messages);
    if ((await peer.load(keyOf(index))) === null) throw new Error(`message ${index} is missing`);
  };
}

function lifeCycle(peer: Peer, spec: RunSpec, loaded: boolean): Promise<RunResult> {
  const payloads = new Payloads(spec.size, spec.payload);
  let bytes = 0;
  const operation: Operation = async (index) => {
    const key = keyOf(index);
    const message = payloads.at(index);
    bytes += message.byteLength;
    await peer.store(key, message);
    if (loaded && (await peer.load(key))?.byteLength !== message.byteLength) {
      throw new Error(`message ${index} came back changed`);
    }
    await peer.remove(key);
  };
  const count = spec.seconds === null ? spec.messages : Number.POSITIVE_INFINITY;
  return drive(peer, spec, operation, count, () => bytes);
}

/** Runs the operation as the spec says, and measures it. */
async function drive(
  peer: Peer,
  spec: RunSpec,
  operation: Operation,
  count = Number.POSITIVE_INFINITY,
  bytesStored: () => number | null = () => null,
): Promise<RunResult> {
  const { arrival, warmupSeconds } = spec;
  const start = performance.now();
  const fromMs = start + warmupSeconds * MS_PER_SECOND;
  const untilMs = spec.seconds === null ? Number.POSITIVE_INFINITY : fromMs + spec.seconds * MS_PER_SECOND;
  const measurement = new Measurement(fromMs, untilMs);
  if (arrival.kind === "closed") {
    await closedLoop({ inFlight: arrival.inFlight, operation, onDone: measurement.done, untilMs, count });
  } else {
    const sent = Math.min(count, Math.ceil((arrival.ratePerSecond * (untilMs - start)) / MS_PER_SECOND));
    await openLoop({ ratePerSecond: arrival.ratePerSecond, operation, onDone: measurement.done, count: sent });
  }
  return measurement.finish(bytesStored(), () => peer.close(), true);
}

/** Stores messages 0 to `messages - 1`, or fewer if that takes too long. Resolves to their number. */
async function storeFirst(peer: Peer, spec: RunSpec, messages: number): Promise<number> {
  const payloads = new Payloads(spec.size, spec.payload);
  const operation: Operation = (index) => peer.store(keyOf(index), payloads.at(index));
  const untilMs = performance.now() + POPULATE_MAX_SECONDS * MS_PER_SECOND;
  return closedLoop({ inFlight: POPULATE_IN_FLIGHT, operation, onDone: () => {}, untilMs, count: messages });
}

async function populate(peer: Peer, spec: RunSpec, settle: () => Promise<void>): Promise<RunResult> {
  const payloads = new Payloads(spec.size, spec.payload);
  let bytes = 0;
  const operation: Operation = (index) => {
    const message = payloads.at(index);
    bytes += message.byteLength;
    return peer.store(keyOf(index), message);
  };
  const measurement = new Measurement(0, Number.POSITIVE_INFINITY);
  await closedLoop({ inFlight: POPULATE_IN_FLIGHT, operation, onDone: measurement.done, count: spec.messages });
  const close = async (): Promise<void> => {
    await settle();
    await peer.close();
  };
  return measurement.finish(bytes, close, true);
}

async function enumerate(peer: Peer, spec: RunSpec): Promise<RunResult> {
  const seconds = spec.seconds ?? 0;
  const visitAll = async (): Promise<number> => {
    let visited = 0;
    await peer.enumerate((_key, value) => {
      if (value.byteLength > 0) visited++;
    });
    if (visited !== spec.messages) throw new Error(`${visited} of ${spec.messages} messages were enumerated`);
    return visited;
  };
  const start = performance.now();
  while (performance.now() < start + spec.warmupSeconds * MS_PER_SECOND) await visitAll();
  const from = performance.now();
  const measurement = new Measurement(from, Number.POSITIVE_INFINITY);
  let begun = from;
  do {
    const visited = await visitAll();
    const ended = performance.now();
    measurement.done(begun, ended, visited);
    begun = ended;
  } while (begun < from + seconds * MS_PER_SECOND);
  return measurement.finish(null, () => peer.close(), false);
}

async function timeOpening(openPeer: OpenPeer, options: PeerOptions, spec: RunSpec): Promise<RunResult> {
  const begun = performance.now();
  const measurement = new Measurement(begun, Number.POSITIVE_INFINITY);
  const peer = await openPeer(options);
  if ((await peer.load(keyOf(spec.messages - 1))) === null) throw new Error("the last message is missing");
  measurement.done(begun, performance.now());
  return measurement.finish(null, () => peer.close(), true);
}
