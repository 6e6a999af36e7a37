import type { Spool } from "rockspool";
import { describe, expect, it } from "vitest";
import { entriesOf, nextMillisecond } from "../support/entries.ts";
import { payload } from "../support/payload.mjs";
import { openForTest, type SpoolKind } from "../support/spool-kinds.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

export function describeBuffers(kind: SpoolKind, shared: () => Spool): void {
  describe("the caller's buffers", () => {
    it("may be views, and Buffers from a pool", async () => {
      const spool = shared();
      const whole = payload(2, 1000);
      const view = whole.subarray(100, 300);
      const pooled = Buffer.from("a Buffer of Node's pool");
      const [a, b] = [spool.newId(), spool.newId()];
      await Promise.all([spool.store(a, view), spool.store(b, pooled)]);
      expect(Buffer.compare(await spool.load(a), payload(2, 1000).subarray(100, 300))).toBe(0);
      expect(Buffer.from(await spool.load(b)).toString()).toBe("a Buffer of Node's pool");
      expect(whole.byteLength, "it must not have been transferred").toBe(1000);
    });

    it("are not written to, and are the caller's again when the promise settles", async () => {
      const spool = shared();
      const id = spool.newId();
      for (const size of [100, 8192, 2_000_000]) {
        const message = payload(1, size);
        await spool.store(id, message);
        expect(Buffer.compare(message, payload(1, size))).toBe(0);
        message.fill(0);
        expect(Buffer.compare(await spool.load(id), payload(1, size))).toBe(0);
      }
    });

    it("that load returned can be changed without harm to any other load", async () => {
      const spool = shared();
      const ids = await storeThree(spool);
      const [first, second, other] = await loadAll(spool, [ids[0], ids[0], ids[1]]);
      first.fill(0);
      expect(Buffer.compare(second, payload(0, 5000))).toBe(0);
      expect(Buffer.compare(other, payload(1, 5000))).toBe(0);
      expect(Buffer.compare(await spool.load(ids[0] as string), payload(0, 5000))).toBe(0);
    });

    it("that load returned can be transferred without harm to any other load", async () => {
      const spool = shared();
      const ids = await storeThree(spool);
      const loads = await loadAll(spool, ids);
      const moved = structuredClone(loads[1], { transfer: [loads[1]?.buffer as ArrayBuffer] });
      expect(Buffer.compare(moved as Uint8Array, payload(1, 5000))).toBe(0);
      expect(Buffer.compare(loads[0], payload(0, 5000))).toBe(0);
      expect(Buffer.compare(loads[2] as Uint8Array, payload(2, 5000))).toBe(0);
      const again = await loadAll(spool, ids);
      again.forEach((data, i) => {
        expect(Buffer.compare(data, payload(i, 5000))).toBe(0);
      });
    });

    it("that enumerate yielded stay as they are while it goes on, and can be transferred", async () => {
      const spool = await openForTest(kind, { path: await temporaryDirectory(), shards: 1 });
      const count = 300;
      const ids = Array.from({ length: count }, () => spool.newId());
      await Promise.all(ids.map((id, i) => spool.store(id, payload(i, 5000))));
      await nextMillisecond();
      const entries = await entriesOf(spool);
      expect(entries).toHaveLength(count);
      const indexOf = new Map(ids.map((id, i) => [String(id), i]));
      for (const [at, entry] of entries.entries()) {
        if (entry.kind !== "item") expect.fail(`corrupt: ${entry.error}`);
        const data =
          at % 2 === 0 ? structuredClone(entry.data, { transfer: [entry.data.buffer as ArrayBuffer] }) : entry.data;
        expect(Buffer.compare(data, payload(indexOf.get(String(entry.id)) as number, 5000)), `entry ${at}`).toBe(0);
      }
    });
  });
}

async function storeThree(spool: Spool): Promise<string[]> {
  const ids = [0, 1, 2].map(() => String(spool.newId()));
  await Promise.all(ids.map((id, i) => spool.store(id, payload(i, 5000))));
  return ids;
}

/** At once, so that they share whatever loads share. */
async function loadAll(
  spool: Spool,
  ids: readonly (string | undefined)[],
): Promise<[Uint8Array, Uint8Array, Uint8Array]> {
  return (await Promise.all(ids.map((id) => spool.load(id as string)))) as [Uint8Array, Uint8Array, Uint8Array];
}
