// Offers a spool ten times as much as it takes, for a minute, and watches the memory, the deadlines and what callers
// are told. Prints the figures; exits with 1 where memory is not within its bound, a deadline is missed by far, or an
// outcome was not the truth.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSpool } from "rockspool";
import { payload } from "../support/payload.mjs";

const SECONDS = Number(process.argv[2] ?? 60);
const OVERLOAD = 10;
const MIB = 1024 * 1024;
const BYTES = 64 * 1024;
const SHARDS = 2;
const WRITE_BUFFER_BYTES = 8 * MIB;
const MAX_PENDING_BYTES = 64 * MIB;
const DEADLINE_MS = 1000;
/**
 * RocksDB's block caches (32 MiB a shard), frames that are spare or in work, three heaps' garbage that is not collected
 * yet.
 */
const CONSTANT_BYTES = 192 * MIB;
/**
 * What a call leaves in the heap that waits: 1.3 KB alive (measured), and as much again and more until it is collected.
 */
const CALL_BYTES = 4 * 1024;
const KEPT_BYTES = MAX_PENDING_BYTES + SHARDS * 3 * WRITE_BUFFER_BYTES + CONSTANT_BYTES;
/** What a machine with two cores and other work may add to the 60 ms that a deadline is kept to. */
const MAX_LATE_MS = 500;
const TICK_MS = 10;

const FATES = ["pending", "stored", "not-written", "unknown"];

/**
 * What became of each call, in memory that is there before anything is measured: a million of a map's entries are as
 * much as the bound.
 */
class Fates {
  count = 0;
  #ids;
  #fates;
  #late;

  constructor(calls) {
    this.#ids = Buffer.alloc(calls * 16, 1);
    this.#fates = new Uint8Array(calls).fill(1);
    this.#late = new Int32Array(calls).fill(1);
  }

  begin(id) {
    this.#ids.set(id.bytes, this.count * 16);
    this.#fates[this.count] = 0;
    return this.count++;
  }

  end(call, fate, lateMs) {
    this.#fates[call] = FATES.indexOf(fate);
    this.#late[call] = lateMs;
  }

  /** By how much each call came back after its deadline that was not done, in order. */
  get late() {
    return this.#late
      .slice(0, this.count)
      .filter((_, call) => FATES[this.#fates[call]] !== "stored")
      .sort();
  }

  /** The ids of those that came to it, as hexadecimal digits. */
  of(fate) {
    const ids = new Set();
    for (let call = 0; call < this.count; call++) {
      if (FATES[this.#fates[call]] === fate) ids.add(this.#ids.toString("hex", call * 16, call * 16 + 16));
    }
    return ids;
  }
}

const path = await mkdtemp(join(tmpdir(), "rockspool-soak-"));
try {
  process.exitCode = (await soak()) ? 0 : 1;
} finally {
  await rm(path, { recursive: true, force: true });
}

async function soak() {
  const params = { writeBufferSize: WRITE_BUFFER_BYTES, compressionType: "none" };
  const spool = await openSpool({ path, shards: SHARDS, maxPendingBytes: MAX_PENDING_BYTES, params });
  const message = payload(3, BYTES);
  const capacity = await takes(spool, message);
  console.log(
    `capacity: ${Math.round(capacity)} messages of 64 KiB a second; offered: ${OVERLOAD} times that for ${SECONDS} s`,
  );

  const fates = new Fates(Math.ceil(capacity * OVERLOAD * SECONDS * 1.01));
  const outcomes = new Map();
  globalThis.gc?.();
  const startBytes = process.memoryUsage().rss;
  let [worstBytes, waiting, worstWaiting] = [0, 0, 0];
  const call = () => {
    const id = spool.newId();
    const call = fates.begin(id);
    const deadline = Date.now() + DEADLINE_MS;
    waiting++;
    const settled = (outcome) => {
      waiting--;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    };
    spool.store(id, message, { deadline }).then(
      (reached) => {
        settled(reached);
        fates.end(call, "stored", 0);
      },
      ({ code, outcome }) => {
        settled(`${code} ${outcome}`);
        fates.end(call, outcome, Date.now() - deadline);
      },
    );
  };
  const began = performance.now();
  for (let called = 0; performance.now() - began < SECONDS * 1000; ) {
    const due = Math.floor(((performance.now() - began) / 1000) * capacity * OVERLOAD);
    for (; called < due; called++) call();
    worstWaiting = Math.max(worstWaiting, waiting);
    worstBytes = Math.max(worstBytes, process.memoryUsage().rss - startBytes);
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  await spool.shutdown();

  const { late } = fates;
  const [median, p999, worst] = [0.5, 0.999, 1].map((share) => late[Math.ceil(late.length * share) - 1] ?? 0);
  console.log([...outcomes].map(([outcome, count]) => `${outcome}: ${count}`).join(", "));
  console.log(
    `calls pending at once: ${worstWaiting}; deadlines kept to ${median} ms (half), ` +
      `${p999} ms (99.9 %), ${worst} ms (all)`,
  );
  const boundBytes = KEPT_BYTES + worstWaiting * CALL_BYTES;
  console.log(`memory added at most: ${mib(worstBytes)} of ${mib(boundBytes)}`);
  const lies = await liesAbout(fates);
  console.log(lies === 0 ? "every outcome was the truth" : `${lies} outcomes were not the truth`);
  return lies === 0 && worstBytes < boundBytes && p999 < MAX_LATE_MS;
}

/** Messages a second, as fast as 64 callers can. */
async function takes(spool, message) {
  const [end, began] = [performance.now() + 5000, performance.now()];
  let stored = 0;
  const caller = async () => {
    for (; performance.now() < end; stored++) await spool.store(spool.newId(), message);
  };
  await Promise.all(Array.from({ length: 64 }, caller));
  return stored / ((performance.now() - began) / 1000);
}

/**
 * How many never settled, how many that were stored are missing, and how many that were called not-written are there.
 */
async function liesAbout(fates) {
  const spool = await openSpool({ path });
  const missing = fates.of("stored");
  const notWritten = fates.of("not-written");
  let lies = fates.of("pending").size;
  for await (const { id } of spool.enumerate()) {
    const digits = Buffer.from(id.bytes).toString("hex");
    missing.delete(digits);
    if (notWritten.has(digits)) lies++;
  }
  await spool.shutdown();
  return missing.size + lies;
}

function mib(bytes) {
  return `${Math.round(bytes / MIB)} MiB`;
}
