import { type Spool, SpoolId, SpoolNotFoundError } from "rockspool";
import { describe, expect, it } from "vitest";
import { payload } from "../support/payload.mjs";
import { rejection } from "../support/rejection.ts";
import { openForTest, type SpoolKind } from "../support/spool-kinds.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const KIB = 1024;

/**
 * Around the places where something changes: nothing at all, the compression floor, a frame's size, a frame of its own.
 */
const SIZES = [
  0,
  1,
  2,
  4 * KIB - 1,
  4 * KIB,
  4 * KIB + 1,
  64 * KIB,
  KIB * KIB - 1,
  KIB * KIB,
  KIB * KIB + 1,
  2 * KIB * KIB,
];

export function describeMessages(kind: SpoolKind, shared: () => Spool): void {
  describe("messages", () => {
    it("come back as they were stored, whatever their size and content", async () => {
      const spool = shared();
      for (const size of SIZES) {
        for (const seed of [1, 2]) {
          const id = spool.newId();
          const message = payload(seed, size);
          expect(["written", "synced"]).toContain(await spool.store(id, message));
          const loaded = await spool.load(id);
          expect(loaded).toBeInstanceOf(Uint8Array);
          expect(Buffer.compare(loaded, message), `${size} bytes, seed ${seed}`).toBe(0);
        }
      }
    });

    it("of all sizes come back when they are stored and loaded together", async () => {
      const spool = shared();
      const messages = Array.from({ length: 200 }, (_, i) => ({
        id: spool.newId(),
        data: payload(i, (SIZES[i % SIZES.length] as number) % (256 * KIB)),
      }));
      await Promise.all(messages.map(({ id, data }) => spool.store(id, data)));
      const loaded = await Promise.all(messages.map(({ id }) => spool.load(id)));
      loaded.forEach((data, i) => {
        expect(Buffer.compare(data, messages[i]?.data as Uint8Array), `message ${i}`).toBe(0);
      });
    });

    it("are synced when forceSync asks for it", async () => {
      const spool = shared();
      expect(await spool.store(spool.newId(), payload(1, 100), { forceSync: true })).toBe("synced");
    });

    it("are all synced in a spool with flush", async () => {
      const spool = await openForTest(kind, { path: await temporaryDirectory(), shards: 2, flush: true });
      const reached = await Promise.all(
        Array.from({ length: 20 }, (_, i) => spool.store(spool.newId(), payload(i, 100))),
      );
      expect(new Set(reached)).toEqual(new Set(["synced"]));
    });

    it("that are not there are a SpoolNotFoundError with the id's 32 digits", async () => {
      const spool = shared();
      const id = SpoolId.generate();
      for (const asked of [id, String(id), dashed(id), String(id).toUpperCase()]) {
        const error = await rejection(spool.load(asked));
        expect(error).toBeInstanceOf(SpoolNotFoundError);
        expect(error).toMatchObject({ code: "SPOOL_NOT_FOUND", message: `no such key ${id}`, id: String(id) });
      }
    });

    it("replace what the id held, longer by shorter too", async () => {
      const spool = shared();
      const id = spool.newId();
      for (const size of [10, 100_000, 5, 0, 8 * KIB]) {
        await spool.store(id, payload(size, size));
        expect(Buffer.compare(await spool.load(id), payload(size, size)), `${size} bytes`).toBe(0);
      }
    });

    it("are gone when they are removed, and can be stored again", async () => {
      const spool = shared();
      const id = spool.newId();
      await spool.store(id, payload(1, 10));
      expect(await spool.remove(id)).toBeUndefined();
      expect(await rejection(spool.load(id))).toBeInstanceOf(SpoolNotFoundError);
      await spool.store(id, payload(2, 20));
      expect(Buffer.compare(await spool.load(id), payload(2, 20))).toBe(0);
    });

    it("that were never there can be removed", async () => {
      const spool = shared();
      const id = SpoolId.generate();
      await spool.remove(id);
      await spool.remove(id);
      expect(await rejection(spool.load(id))).toBeInstanceOf(SpoolNotFoundError);
    });

    it("answer to their id and to its text: bare, with dashes, in upper case", async () => {
      const spool = shared();
      const id = SpoolId.generate();
      await spool.store(dashed(id), payload(1, 30));
      for (const asked of [id, String(id), dashed(id), dashed(id).toUpperCase()]) {
        expect(Buffer.compare(await spool.load(asked), payload(1, 30)), String(asked)).toBe(0);
      }
      await spool.remove(String(id).toUpperCase());
      expect(await rejection(spool.load(id))).toBeInstanceOf(SpoolNotFoundError);
    });

    it("of neighbouring ids do not get mixed up", async () => {
      const spool = shared();
      const first = SpoolId.generate();
      const others = Array.from({ length: 16 }, (_, at) => {
        const bytes = first.toBytes();
        // The version and variant bits stay as they are, so that it is an id still.
        bytes[at] = (bytes[at] as number) ^ 1;
        return SpoolId.fromBytes(bytes);
      });
      await Promise.all(others.map((id, at) => spool.store(id, payload(at, 50))));
      expect(await rejection(spool.load(first))).toBeInstanceOf(SpoolNotFoundError);
      for (const [at, id] of others.entries()) expect(Buffer.compare(await spool.load(id), payload(at, 50))).toBe(0);
    });
  });
}

function dashed(id: SpoolId): string {
  return String(id).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
