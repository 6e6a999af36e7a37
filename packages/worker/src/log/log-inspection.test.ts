import { rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { blockOf } from "../../test/blocks.ts";
import { flipByte } from "../../test/damage.ts";
import { temporaryDirectory } from "../../test/temporary-directory.ts";
import { type InspectedLog, inspectLog } from "./log-inspection.ts";
import type { LogMark } from "./log-mark.ts";
import type { BlockPlace } from "./log-types.ts";
import { MessageLog } from "./message-log.ts";
import { SEGMENT_HEADER_BYTES, segmentPath } from "./segment-file.ts";

/** A write that has written everything and fails all the same. */
const disk = vi.hoisted(() => ({ failing: false }));

vi.mock(import("node:fs"), async (importOriginal) => {
  const real = await importOriginal();
  const writevSync: typeof real.writevSync = (...args) => {
    const written = real.writevSync(...args);
    if (disk.failing) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    return written;
  };
  const mocked = { ...real, writevSync };
  return { ...mocked, default: mocked };
});

const IDENTITY = { spool: "0123456789abcdef", shard: 3 };
const BODY_BYTES = 100;
const BLOCK_BYTES = 64 + 40 + BODY_BYTES;
/** A segment has three blocks. */
const SEGMENT_BYTES = SEGMENT_HEADER_BYTES + 3 * BLOCK_BYTES;

/** `append` a block, `fail` to append one, `sync`, or write the `mark`. */
type Step = "append" | "fail" | "sync" | "mark";

type Damage =
  /** A byte of the header, or of the body, of the block with this number. */
  | { readonly header: number }
  | { readonly body: number }
  /** Of a segment these blocks, and one byte more, are left. */
  | { readonly cut: number; readonly blocks: number }
  | { readonly remove: number }
  /** A segment of this many bytes that are no header. */
  | { readonly add: number; readonly bytes: number };

interface Case {
  readonly what: string;
  readonly steps: readonly Step[];
  readonly damage?: readonly Damage[];
  /** In the boot that wrote the mark, or in another; both where it makes no difference. */
  readonly boots?: readonly ("same" | "other")[];
  /** The newest block. */
  readonly block: number;
  /** For each live segment how many blocks lie before its end. */
  readonly ends: readonly (readonly [segment: number, blocks: number])[];
  /** For each hole its segment and which blocks of that it takes. */
  readonly holes?: readonly (readonly [segment: number, from: number, to: number])[];
  readonly torn?: RegExp | null;
  readonly loss?: { readonly reason: RegExp; readonly missing: { from: number; to: number } | null };
  readonly nextSegment?: number;
}

const [A, F, S, M]: [Step, Step, Step, Step] = ["append", "fail", "sync", "mark"];

const cases: Case[] = [
  { what: "an empty log", steps: [M], block: 0, ends: [], nextSegment: 1 },
  { what: "nothing is behind the mark", steps: [A, A, S, M], block: 2, ends: [[1, 2]], nextSegment: 2 },
  { what: "a block is behind the mark", steps: [A, A, S, M, A], block: 3, ends: [[1, 3]] },
  {
    what: "several segments are behind the mark",
    steps: [A, S, M, A, A, A, A, A, A, A],
    block: 8,
    ends: [
      [1, 3],
      [2, 3],
      [3, 2],
    ],
    nextSegment: 4,
  },
  {
    what: "the last block is torn",
    steps: [A, A, S, M, A, A],
    damage: [{ cut: 2, blocks: 0 }],
    block: 3,
    ends: [
      [1, 3],
      [2, 0],
    ],
    torn: /^0000000002\.seg from 64 to 65$/,
  },
  {
    what: "the last block has a damaged header",
    steps: [A, S, M, A, A],
    damage: [{ header: 3 }],
    block: 2,
    ends: [[1, 2]],
    torn: /^0000000001\.seg from 472 to 676$/,
  },
  {
    what: "a block in the middle is damaged",
    steps: [A, S, M, A, A],
    damage: [{ header: 2 }],
    boots: ["same"],
    block: 3,
    ends: [[1, 3]],
    holes: [[1, 1, 2]],
    torn: /./,
    loss: { reason: /^0000000001\.seg from 268 to 472 was on the disk and is damaged$/, missing: { from: 2, to: 2 } },
  },
  {
    what: "a block in the middle is damaged",
    steps: [A, S, M, A, A],
    damage: [{ header: 2 }],
    boots: ["other"],
    block: 3,
    ends: [[1, 3]],
    holes: [[1, 1, 2]],
    torn: /^0000000001\.seg from 268 to 472$/,
  },
  {
    what: "the body of a block in the middle is damaged: within a boot bodies are not read",
    steps: [A, S, M, A, A],
    damage: [{ body: 2 }],
    boots: ["same"],
    block: 3,
    ends: [[1, 3]],
  },
  {
    what: "the body of a block in the middle is damaged",
    steps: [A, S, M, A, A],
    damage: [{ body: 2 }],
    boots: ["other"],
    block: 3,
    ends: [[1, 3]],
    holes: [[1, 1, 2]],
    torn: /^0000000001\.seg from 268 to 472$/,
  },
  {
    what: "the body of the last block is damaged",
    steps: [A, S, M, A, A],
    damage: [{ body: 3 }],
    boots: ["other"],
    block: 2,
    ends: [[1, 2]],
    torn: /./,
  },
  {
    what: "two blocks in different segments are damaged, and the first block behind each is whole",
    steps: [A, S, M, A, A, A, A, A],
    damage: [{ header: 2 }, { header: 5 }],
    boots: ["other"],
    block: 6,
    ends: [
      [1, 3],
      [2, 3],
    ],
    holes: [
      [1, 1, 2],
      [2, 1, 2],
    ],
    torn: /;/,
  },
  {
    what: "a later block says that the damaged one was synced",
    steps: [A, S, M, A, S, A],
    damage: [{ header: 2 }],
    block: 3,
    ends: [[1, 3]],
    holes: [[1, 1, 2]],
    torn: /./,
    loss: { reason: /^0000000001\.seg from 268 to 472 was on the disk and is damaged$/, missing: { from: 2, to: 2 } },
  },
  {
    what: "only the second block behind the damaged one says that this was synced",
    steps: [A, S, M, A, A, S, A],
    damage: [{ header: 2 }],
    block: 4,
    ends: [
      [1, 3],
      [2, 1],
    ],
    holes: [[1, 1, 2]],
    torn: /./,
    loss: { reason: /^0000000001\.seg from 268 to 472 was on the disk and is damaged$/, missing: { from: 2, to: 2 } },
  },
  {
    what: "two blocks are damaged, and a later one says that the first was synced",
    steps: [A, S, M, A, S, A, A],
    damage: [{ header: 2 }, { header: 3 }],
    block: 4,
    ends: [
      [1, 1],
      [2, 1],
    ],
    torn: /./,
    loss: { reason: /was on the disk and is damaged$/, missing: { from: 2, to: 3 } },
  },
  {
    what: "a segment that the mark names is missing",
    steps: [A, A, A, A, S, M],
    damage: [{ remove: 1 }],
    block: 4,
    ends: [[2, 1]],
    loss: { reason: /^0000000001\.seg is missing$/, missing: { from: 1, to: 3 } },
  },
  {
    what: "the newest segment that the mark names is missing",
    steps: [A, A, A, A, S, M],
    damage: [{ remove: 2 }],
    block: 4,
    ends: [[1, 3]],
    loss: { reason: /^0000000002\.seg is missing$/, missing: { from: 4, to: 4 } },
    nextSegment: 3,
  },
  {
    what: "a segment that the mark names is cut",
    steps: [A, A, A, A, S, M],
    damage: [{ cut: 1, blocks: 2 }],
    block: 4,
    ends: [
      [1, 2.005],
      [2, 1],
    ],
    loss: { reason: /^0000000001\.seg has 473 bytes and had 676$/, missing: { from: 3, to: 3 } },
  },
  {
    what: "a segment behind the mark is missing, and was not synced",
    steps: [A, A, A, S, M, A, A, A, A],
    damage: [{ remove: 2 }],
    boots: ["other"],
    block: 7,
    ends: [
      [1, 3],
      [3, 1],
    ],
  },
  {
    what: "a segment behind the mark is missing",
    steps: [A, A, A, S, M, A, A, A, A],
    damage: [{ remove: 2 }],
    boots: ["same"],
    block: 7,
    ends: [
      [1, 3],
      [3, 1],
    ],
    loss: { reason: /^the run of blocks 4 to 6 was on the disk and is damaged$/, missing: { from: 4, to: 6 } },
  },
  {
    what: "a segment behind the mark is missing, and a later block says that it was synced",
    steps: [A, A, A, S, M, A, A, A, S, A],
    damage: [{ remove: 2 }],
    block: 7,
    ends: [
      [1, 3],
      [3, 1],
    ],
    loss: { reason: /^the run of blocks 4 to 6 was on the disk and is damaged$/, missing: { from: 4, to: 6 } },
  },
  {
    what: "an append failed, and the next block began a new segment: the failed one does not count",
    steps: [A, S, M, F, A],
    block: 2,
    ends: [
      [1, 1],
      [2, 1],
    ],
  },
  {
    what: "an append failed before anything else was written: its block may come back",
    steps: [A, S, M, F],
    block: 2,
    ends: [[1, 2]],
  },
  {
    what: "appends failed twice in a row, at the end of a segment too",
    steps: [A, A, S, M, F, A, A, A, F, F, A],
    block: 6,
    ends: [
      [1, 2],
      [2, 3],
      [5, 1],
    ],
  },
  {
    what: "an append failed, and a power cut took the block before",
    steps: [A, S, M, A, F, A],
    damage: [{ header: 2 }],
    boots: ["other"],
    block: 3,
    ends: [
      [1, 1],
      [2, 1],
    ],
    torn: /./,
  },
  {
    what: "a crash came between making a segment and writing its header",
    steps: [A, S, M],
    damage: [{ add: 2, bytes: 0 }],
    block: 1,
    ends: [[1, 1]],
    nextSegment: 3,
  },
  {
    what: "a crash came in the middle of the header of a segment",
    steps: [A, S, M],
    damage: [{ add: 2, bytes: 30 }],
    block: 1,
    ends: [[1, 1]],
    torn: /^0000000002\.seg from 0 to 30$/,
    holes: [[2, -64 / BLOCK_BYTES, -34 / BLOCK_BYTES]],
    nextSegment: 3,
  },
];

interface Written {
  readonly directory: string;
  readonly mark: LogMark;
  readonly places: ReadonlyMap<number, BlockPlace>;
}

async function write(steps: readonly Step[]): Promise<Written> {
  const directory = temporaryDirectory();
  const log = new MessageLog({
    directory,
    path: directory,
    identity: IDENTITY,
    epoch: 5,
    segments: [],
    nextSegment: 1,
    block: 0,
    segmentBytes: SEGMENT_BYTES,
    fullSync: false,
  });
  onTestFinished(() => log.close());
  const places = new Map<number, BlockPlace>();
  let mark: LogMark | null = null;
  for (const step of steps) {
    disk.failing = step === "fail";
    if (step === "sync") await log.sync();
    else if (step === "mark") mark = markOf(log);
    else {
      const block = blockOf({ id: places.size + 1, data: Buffer.alloc(BODY_BYTES, places.size + 1) });
      if (step === "fail") expect(() => log.append([block])).toThrow("no space left");
      else for (const place of log.append([block])) places.set(place.block, place);
    }
    disk.failing = false;
  }
  if (mark === null) throw new Error("no step writes a mark");
  return { directory, mark, places };
}

function markOf(log: MessageLog): LogMark {
  return {
    ...IDENTITY,
    boot: "a boot",
    place: "",
    clean: false,
    epoch: 5,
    segments: log.syncedSegments,
    synced: log.syncedThrough,
    holes: [],
    index: "shard-003",
    applied: { segment: 0, offset: 0, block: 0 },
    failed: false,
  };
}

function doDamage({ directory, places }: Written, damage: Damage): void {
  const flipAt = (block: number, offset: number): void => {
    const place = places.get(block) as BlockPlace;
    flipByte(segmentPath(directory, place.segment), place.offset + offset);
  };
  if ("header" in damage) flipAt(damage.header, 20);
  else if ("body" in damage) flipAt(damage.body, BLOCK_BYTES - 1);
  else if ("cut" in damage) truncateSync(segmentPath(directory, damage.cut), at(damage.blocks) + 1);
  else if ("remove" in damage) rmSync(segmentPath(directory, damage.remove));
  else writeFileSync(segmentPath(directory, damage.add), Buffer.alloc(damage.bytes));
}

/** The offset behind so many blocks. */
function at(blocks: number): number {
  return Math.round(SEGMENT_HEADER_BYTES + blocks * BLOCK_BYTES);
}

const tried = cases.flatMap((one) => (one.boots ?? (["same", "other"] as const)).map((boot) => ({ ...one, boot })));

describe("what is found of a log", () => {
  it.each(tried)("in the $boot boot, where $what", async (one) => {
    const { steps, damage = [], boot, block, ends, holes = [], torn = null, loss = null, nextSegment } = one;
    const written = await write(steps);
    for (const each of damage) doDamage(written, each);
    const { directory, mark } = written;
    const sizes = (): number[] => ends.map(([segment]) => statSync(segmentPath(directory, segment)).size);
    const before = sizes();
    const found = inspectLog({ directory, identity: IDENTITY, mark, sameBoot: boot === "same" });
    expect(found).toStrictEqual<InspectedLog>({
      segments: ends.map(([segment, blocks]) => ({ segment, end: at(blocks) })),
      holes: holes.map(([segment, from, to]) => [segment, at(from), at(to)]),
      block,
      nextSegment: nextSegment ?? expect.any(Number),
      nextEpoch: 6,
      torn: torn === null ? null : expect.stringMatching(torn),
      loss: loss === null ? null : { reason: expect.stringMatching(loss.reason), missing: loss.missing },
    });
    // Nothing is cut, and no number is used again.
    expect(sizes()).toStrictEqual(before);
    expect(found.nextSegment).toBeGreaterThan(Math.max(0, ...ends.map(([segment]) => segment)));
  });

  it("keeps the holes of the mark", async () => {
    const { directory, mark } = await write(["append", "sync", "mark"]);
    const holes = [[1, 64, 268]] as const;
    const found = inspectLog({ directory, identity: IDENTITY, mark: { ...mark, holes }, sameBoot: false });
    expect(found.holes).toStrictEqual(holes);
  });

  it("takes no block of another spool or shard", async () => {
    const { directory, mark } = await write(["mark", "append"]);
    for (const identity of [
      { ...IDENTITY, spool: "0123456789abcdee" },
      { ...IDENTITY, shard: 2 },
    ]) {
      expect(inspectLog({ directory, identity, mark, sameBoot: true })).toMatchObject({ block: 0, segments: [] });
    }
  });
});
