// Stores 1,000,000 messages of 256 bytes, then enumerates them and watches the memory. Prints the figures; exits with 1
// where a message is missing or the memory is not flat.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSpool } from "rockspool";
import { payload } from "../support/payload.mjs";

const MESSAGES = Number(process.argv[2] ?? 1_000_000);
const BYTES = 256;
const AT_ONCE = 2048;
const MIB = 1024 * 1024;
/**
 * What the enumeration may add to the process: windows of frames, RocksDB's block cache (32 MiB a shard), garbage not
 * yet collected.
 */
const BOUND_RSS_BYTES = 256 * MIB;
/** Of that, on the main thread, in buffers. */
const BOUND_BUFFERS_BYTES = 48 * MIB;

const path = await mkdtemp(join(tmpdir(), "rockspool-soak-"));
try {
  process.exitCode = (await soak()) ? 0 : 1;
} finally {
  await rm(path, { recursive: true, force: true });
}

async function soak() {
  let spool = await openSpool({ path, shards: 2 });
  const message = payload(2, BYTES);
  const storing = performance.now();
  let called = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (called++ < MESSAGES) await spool.store(spool.newId(), message);
    }),
  );
  print("stored", MESSAGES, storing);
  await spool.shutdown();
  spool = await openSpool({ path });

  globalThis.gc?.();
  const start = process.memoryUsage();
  let [count, worstRss, worstBuffers] = [0, 0, 0];
  const enumerating = performance.now();
  for await (const entry of spool.enumerate()) {
    if (entry.kind !== "item" || entry.data.byteLength !== BYTES) throw new Error(`entry ${count}: ${entry.kind}`);
    if (++count % 5000 === 0) {
      const { rss, arrayBuffers } = process.memoryUsage();
      worstRss = Math.max(worstRss, rss - start.rss);
      worstBuffers = Math.max(worstBuffers, arrayBuffers - start.arrayBuffers);
    }
  }
  print("enumerated", count, enumerating);
  console.log(
    `memory added at most: ${mib(worstRss)} of ${mib(BOUND_RSS_BYTES)} in all, ` +
      `${mib(worstBuffers)} of ${mib(BOUND_BUFFERS_BYTES)} in buffers`,
  );
  await spool.shutdown();
  const good = count === MESSAGES && worstRss < BOUND_RSS_BYTES && worstBuffers < BOUND_BUFFERS_BYTES;
  console.log(good ? "ok: all there, memory flat" : "NOT ok");
  return good;
}

function print(what, count, since) {
  const seconds = (performance.now() - since) / 1000;
  console.log(
    `${count.toLocaleString("en")} ${what} in ${seconds.toFixed(1)} s, ` +
      `${Math.round(count / seconds).toLocaleString("en")} a second`,
  );
}

function mib(bytes) {
  return `${Math.round(bytes / MIB)} MiB`;
}
