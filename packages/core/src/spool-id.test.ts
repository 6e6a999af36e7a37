import { inspect } from "node:util";
import fc from "fast-check";
import { v1 } from "uuid";
import { afterEach, describe, expect, it, vi } from "vitest";
import { SpoolConfigError } from "./errors.ts";
import { SpoolId } from "./spool-id.ts";

const TEXT = "c232ab00941411ecb3c89f6bdeced846";
const DASHED = "c232ab00-9414-11ec-b3c8-9f6bdeced846";
// The example of RFC 9562, A.1: Tuesday, February 22, 2022 2:22:22.00 PM GMT-05:00.
const MADE = new Date("2022-02-22T19:22:22.000Z");

const STEPS_PER_MS = 10_000;
const GREGORIAN_TO_UNIX_MS = 12_219_292_800_000n;

/** Any version-1 UUID: random bytes with version and variant set. */
const anyId = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => {
  bytes[6] = (bytes[6]! & 0x0f) | 0x10;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return SpoolId.fromBytes(bytes);
});

/** The count of 100 ns steps in an id, computed the slow way. */
function stepsOf(id: SpoolId): bigint {
  const text = id.toString();
  return BigInt(`0x${text.slice(13, 16)}${text.slice(8, 12)}${text.slice(0, 8)}`);
}

afterEach(() => {
  vi.restoreAllMocks();
});

/** The class with a generator of its own, as another thread has it, its clock not yet looked at. */
async function freshSpoolId(): Promise<typeof SpoolId> {
  vi.resetModules();
  return (await import("./spool-id.ts")).SpoolId;
}

describe("generate", () => {
  it("makes a version-1 UUID of now, with a random node", () => {
    const before = Date.now();
    const id = SpoolId.generate();
    expect(id.toString()).toMatch(/^[0-9a-f]{12}1[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
    expect(id.bytes[10]! & 0x01).toBe(1);
    expect(id.createdMs).toBeGreaterThanOrEqual(before);
    expect(id.createdMs).toBeLessThanOrEqual(Date.now());
  });

  it("rises strictly over 100,000 ids while the clock goes forwards, stands still and goes back", async () => {
    const Fresh = await freshSpoolId();
    const start = Date.now();
    let calls = 0;
    vi.spyOn(Date, "now").mockImplementation(() => {
      calls++;
      if (calls < 20_000) return start + Math.floor(calls / 7);
      if (calls < 60_000) return start + 5_000;
      return start - calls;
    });
    let last = -1n;
    const texts = new Set<string>();
    for (let made = 0; made < 100_000; made++) {
      const id = Fresh.generate();
      const steps = stepsOf(id);
      if (steps <= last) throw new Error(`${steps} is not after ${last}`);
      last = steps;
      texts.add(id.toString());
    }
    expect(texts.size).toBe(100_000);
  });

  it("rises by one step while the clock stands still, and borrows the next millisecond when its own is used up", async () => {
    const Fresh = await freshSpoolId();
    const now = Date.now();
    vi.spyOn(Date, "now").mockReturnValue(now);
    const first = Fresh.generate();
    expect(first.createdMs).toBe(now);
    for (let step = 1; step < 2 * STEPS_PER_MS; step++) {
      const id = Fresh.generate();
      if (stepsOf(id) !== stepsOf(first) + BigInt(step)) throw new Error(`step ${step} is ${id}`);
    }
    expect(Fresh.generate().createdMs).toBe(now + 2);
  });

  it("spells every moment as uuid's own v1 does, whatever the clock does", async () => {
    const Fresh = await freshSpoolId();
    let now = Date.now();
    let msecs = 0;
    let nsecs = 0;
    const jump = fc.oneof(fc.integer({ min: -5_000, max: 500_000 }), fc.constant(0));
    fc.assert(
      fc.property(fc.array(jump, { minLength: 1, maxLength: 50 }), (jumps) => {
        for (const by of jumps) {
          now += by;
          vi.spyOn(Date, "now").mockReturnValue(now);
          const id = Fresh.generate();
          // The model: few ids are made, so no millisecond's steps are ever used up.
          nsecs = now > msecs ? 0 : nsecs + 1;
          msecs = Math.max(now, msecs);
          const options = { msecs, nsecs, clockseq: 0, node: id.bytes.subarray(10), random: new Uint8Array(16) };
          const expected = v1(options, new Uint8Array(16));
          expect([...id.bytes.subarray(0, 8)]).toEqual([...expected.subarray(0, 8)]);
        }
      }),
    );
  });

  it("carries into time_mid when time_low runs over", async () => {
    const Fresh = await freshSpoolId();
    // time_low runs over every 2^32 steps: stand in the millisecond in which the next such moment falls.
    const now = (BigInt(Date.now()) + GREGORIAN_TO_UNIX_MS) * BigInt(STEPS_PER_MS);
    const overrun = ((now >> 32n) + 1n) << 32n;
    vi.spyOn(Date, "now").mockReturnValue(Number(overrun / BigInt(STEPS_PER_MS) - GREGORIAN_TO_UNIX_MS));
    let last = stepsOf(Fresh.generate());
    expect(last).toBeLessThan(overrun);
    for (let made = 1; made < STEPS_PER_MS; made++) {
      const steps = stepsOf(Fresh.generate());
      if (steps !== last + 1n) throw new Error(`${steps} does not follow ${last}`);
      last = steps;
    }
    expect(last).toBeGreaterThan(overrun);
  });

  it("in two threads never makes the same id at the same moment", async () => {
    const classes = [await freshSpoolId(), await freshSpoolId()];
    vi.spyOn(Date, "now").mockReturnValue(Date.now());
    const texts = new Set<string>();
    for (let made = 0; made < 1_000; made++) for (const Fresh of classes) texts.add(Fresh.generate().toString());
    expect(texts.size).toBe(2_000);
  });
});

describe("round trips", () => {
  it("text, dashed text, either letter case, bytes, JSON and paths lead back to the same id", () => {
    fc.assert(
      fc.property(anyId, fc.constantFrom("", "/", "spool", "/var/spool/", "a b/c\\d"), (id, dir) => {
        const text = id.toString();
        const dashed = [
          text.slice(0, 8),
          text.slice(8, 12),
          text.slice(12, 16),
          text.slice(16, 20),
          text.slice(20),
        ].join("-");
        for (const again of [
          SpoolId.parse(text),
          SpoolId.parse(text.toUpperCase()),
          SpoolId.parse(dashed),
          SpoolId.parse(dashed.toUpperCase()),
          SpoolId.parse(JSON.parse(JSON.stringify(id))),
          SpoolId.from(id),
          SpoolId.from(text),
          SpoolId.fromBytes(id.toBytes()),
          SpoolId.tryFromBytes(id.bytes)!,
          SpoolId.fromPath(id.toPath(dir)),
          SpoolId.fromPath(id.toPath(dir).replaceAll("/", "\\")),
        ]) {
          expect(again.equals(id)).toBe(true);
          expect(again.toString()).toBe(text);
        }
      }),
    );
  });

  it("the RFC's example is read, printed, dated and laid out as it should be", () => {
    const id = SpoolId.parse(DASHED);
    expect(`${id}`).toBe(TEXT);
    expect(JSON.stringify({ id })).toBe(`{"id":"${TEXT}"}`);
    expect(id.created).toEqual(MADE);
    expect(id.createdMs).toBe(MADE.getTime());
    expect(id.age(new Date(MADE.getTime() + 1_500))).toBe(1_500);
    expect(id.age(MADE.getTime() - 1)).toBe(-1);
    expect(id.toPath("/spool")).toBe("/spool/c2/32/ab/00/941411ecb3c89f6bdeced846");
    expect(id.toPath("/")).toBe("/c2/32/ab/00/941411ecb3c89f6bdeced846");
    expect(id.toPath("")).toBe("c2/32/ab/00/941411ecb3c89f6bdeced846");
    expect(inspect({ id })).toBe(`{ id: SpoolId(${TEXT}) }`);
  });

  it("createdMs is exact for every 60-bit timestamp", () => {
    fc.assert(
      fc.property(anyId, (id) => {
        expect(BigInt(id.createdMs)).toBe(stepsOf(id) / BigInt(STEPS_PER_MS) - GREGORIAN_TO_UNIX_MS);
      }),
    );
  });
});

describe("the caller's bytes and the id's", () => {
  it("fromBytes, tryFromBytes and toBytes copy, also where the bytes are a Buffer's", () => {
    const source = Buffer.from(TEXT, "hex");
    const ids = [SpoolId.fromBytes(source), SpoolId.tryFromBytes(source)!];
    source.fill(0);
    for (const id of ids) {
      id.toBytes().fill(0);
      expect(id.toString()).toBe(TEXT);
      expect(SpoolId.parse(TEXT).equals(id)).toBe(true);
    }
  });
});

describe("compare", () => {
  it("puts ids in the order they were made in, whatever their text says", () => {
    fc.assert(
      fc.property(fc.array(anyId, { maxLength: 20 }), (ids) => {
        const sorted = ids.toSorted(SpoolId.compare);
        for (let at = 1; at < sorted.length; at++) {
          expect(stepsOf(sorted[at - 1]!) <= stepsOf(sorted[at]!)).toBe(true);
        }
      }),
    );
  });

  it("is 0 for equal ids only", () => {
    const id = SpoolId.generate();
    expect(SpoolId.compare(id, SpoolId.parse(id.toString()))).toBe(0);
    expect(SpoolId.compare(id, SpoolId.generate())).toBeLessThan(0);
    expect(SpoolId.compare(id, id.deriveWithClonedTimestamp())).not.toBe(0);
  });
});

describe("deriveWithClonedTimestamp", () => {
  it("keeps the moment and draws everything else anew, without end", () => {
    const id = SpoolId.parse(TEXT);
    const texts = new Set([TEXT]);
    for (let made = 0; made < 1_000; made++) {
      const derived = id.deriveWithClonedTimestamp();
      expect(derived.toString().slice(0, 16)).toBe(TEXT.slice(0, 16));
      expect(SpoolId.fromBytes(derived.bytes).equals(derived)).toBe(true);
      expect(derived.bytes[10]! & 0x01).toBe(1);
      texts.add(derived.toString());
    }
    expect(texts.size).toBe(1_001);
    expect(id.toString()).toBe(TEXT);
  });
});

const FORM = "must be 32 hex digits, or the dashed form of a UUID (8-4-4-4-12)";
const PATH_FORM = "must be a path that ends in a1/a2/a3/a4/rest: 2, 2, 2, 2 and 24 hex digits";
const V4 = "c232ab00941441ecb3c89f6bdeced846";
const OTHER_VARIANT = "c232ab00941411ecc3c89f6bdeced846";

describe("what is no id is refused, and the error says what was wrong", () => {
  it.each<[string, () => unknown, string]>([
    ["empty text", () => SpoolId.parse(""), `id is "": ${FORM}`],
    ["a digit missing", () => SpoolId.parse(TEXT.slice(1)), `id is "${TEXT.slice(1)}": ${FORM}`],
    ["a digit too many", () => SpoolId.parse(`${TEXT}0`), `id is "${TEXT}0": ${FORM}`],
    ["not hex", () => SpoolId.parse(TEXT.replace("c", "g")), `id is "${TEXT.replace("c", "g")}": ${FORM}`],
    ["not ASCII", () => SpoolId.parse(TEXT.replace("c", "ⅽ")), `id is "${TEXT.replace("c", "ⅽ")}": ${FORM}`],
    ["a space in front", () => SpoolId.parse(` ${TEXT}`), `id is " ${TEXT}": ${FORM}`],
    ["a dash in the wrong place", () => SpoolId.parse(DASHED.replace("00-94", "0-094")), FORM],
    ["braces", () => SpoolId.parse(`{${DASHED}}`), FORM],
    ["a number for text", () => SpoolId.parse(5 as never), `id is 5: ${FORM}`],
    ["another version", () => SpoolId.parse(V4), `id is "${V4}": must be a version-1 UUID, this is version 4`],
    ["another variant", () => SpoolId.parse(OTHER_VARIANT), "must be a UUID of the RFC 9562 variant"],
    ["the nil UUID", () => SpoolId.parse("0".repeat(32)), "must be a UUID of the RFC 9562 variant"],
    ["15 bytes", () => SpoolId.fromBytes(new Uint8Array(15)), "must be 16 bytes, not 15"],
    ["17 bytes", () => SpoolId.fromBytes(new Uint8Array(17)), "must be 16 bytes, not 17"],
    [
      "bytes of another version",
      () => SpoolId.fromBytes(Buffer.from(V4, "hex")),
      `id is "${V4}": must be a version-1 UUID`,
    ],
    ["an array for bytes", () => SpoolId.fromBytes([] as never), "id is []: must be a Uint8Array of 16 bytes"],
    ["no path", () => SpoolId.fromPath(""), `id is "": ${PATH_FORM}`],
    ["a path too short", () => SpoolId.fromPath("32/ab/00/941411ecb3c89f6bdeced846"), PATH_FORM],
    ["a path with the digits elsewhere", () => SpoolId.fromPath("c/232/ab/00/941411ecb3c89f6bdeced846"), PATH_FORM],
    ["a path that is not hex", () => SpoolId.fromPath("x2/32/ab/00/941411ecb3c89f6bdeced846"), PATH_FORM],
    ["a path of another version", () => SpoolId.fromPath("c2/32/ab/00/941441ecb3c89f6bdeced846"), "this is version 4"],
    ["a path that is no text", () => SpoolId.fromPath(null as never), `id is null: ${PATH_FORM}`],
    ["neither id nor text", () => SpoolId.from(undefined as never), "id is undefined: must be a SpoolId or its text"],
  ])("%s", (_, attempt, message) => {
    let error: unknown;
    try {
      attempt();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(SpoolConfigError);
    expect((error as SpoolConfigError).field).toBe("id");
    expect((error as SpoolConfigError).message).toContain(message);
  });

  it("tryFromBytes says null instead", () => {
    for (const bytes of [
      new Uint8Array(0),
      new Uint8Array(1),
      new Uint8Array(16),
      new Uint8Array(17),
      Buffer.from(V4, "hex"),
    ]) {
      expect(SpoolId.tryFromBytes(bytes)).toBeNull();
    }
  });
});
