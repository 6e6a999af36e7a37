import { createRequire } from "node:module";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it, onTestFinished } from "vitest";
import { temporaryDirectory } from "../../test/temporary-directory.ts";
import { IndexScan } from "./index-scan.ts";

const RocksDB = createRequire(import.meta.url)("rocksdb-native") as typeof import("rocksdb-native").default;

type Step = { put: [number, number][] } | { remove: number[] } | "flush" | "compact";

const anyKey = fc.nat(300);
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.array(fc.tuple(anyKey, fc.nat(255)), { minLength: 1, maxLength: 200 }).map((put) => ({ put })),
  fc.array(anyKey, { minLength: 1, maxLength: 80 }).map((remove) => ({ remove })),
  fc.constant("flush" as const),
  fc.constant("flush" as const),
  fc.constant("compact" as const),
);

function keyOf(number: number): Buffer {
  return Buffer.from(
    String(number * 2654435761)
      .padStart(16, "0")
      .slice(-16),
    "latin1",
  );
}

async function open(path: string): Promise<InstanceType<typeof RocksDB>> {
  const db = new RocksDB(path, { createIfMissing: true });
  await db.ready();
  onTestFinished(() => db.close());
  return db;
}

it("sees what RocksDB's iterator sees, over any tables, overwrites and removes", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 12 }), async (steps) => {
      const path = join(temporaryDirectory(), "db");
      const db = await open(path);
      for (const step of steps) {
        if (step === "flush") await db.flush();
        else if (step === "compact") await db.compact({ exclusive: true });
        else {
          const batch = db.write();
          if ("put" in step) for (const [key, value] of step.put) batch.tryPut(keyOf(key), Buffer.alloc(25, value));
          else for (const key of step.remove) batch.tryDelete(keyOf(key));
          await batch.flush();
          batch.destroy();
        }
      }
      await db.flush();
      const expected: [string, string][] = [];
      const iterator = db.iterator({}, { capacity: 500, limit: 1e6 });
      for await (const { key, value } of iterator as unknown as AsyncIterable<{ key: Uint8Array; value: Uint8Array }>) {
        expected.push([Buffer.from(key).toString("latin1"), Buffer.from(value).toString("hex")]);
      }
      const scan = await IndexScan.open(path, async () => (await db.getProperty("rocksdb.sstables")) ?? "");
      const found: [string, string][] = [];
      while (scan.next()) {
        const { key, userKeyBytes, bytes, valueAt, valueBytes } = scan.entry;
        found.push([key.toString("latin1", 0, userKeyBytes), bytes.toString("hex", valueAt, valueAt + valueBytes)]);
      }
      scan.close();
      expect(found).toEqual(expected);
    }),
    { numRuns: 25 },
  );
});
