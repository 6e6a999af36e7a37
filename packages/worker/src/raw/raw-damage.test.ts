import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { must } from "@rockspool/core";
import { describe, expect, it } from "vitest";
import { filesOf } from "../../test/damage.ts";
import { seededRandom } from "../../test/seeded-random.ts";
import { temporaryDirectory } from "../../test/temporary-directory.ts";
import { reading, shown, writtenShard } from "../../test/written-shard.ts";
import { Checksums } from "./checksum.ts";
import { readLog } from "./log/log-file.ts";
import { LogRecords } from "./log/log-records.ts";
import type { RawEntry } from "./raw-entry.ts";
import { RawFile } from "./raw-file.ts";
import { readFooter } from "./table/footer.ts";
import { readTable } from "./table/table-file.ts";
import { scanBlocks } from "./table/table-scan.ts";

/** Entries that are lost together: those of a table's block, or of a batch in a log. */
interface Group {
  readonly from: number;
  readonly to: number;
  readonly entries: readonly RawEntry[];
}

interface Range {
  readonly from: number;
  readonly to: number;
}

const LOG_BLOCK_BYTES = 32_768;
const FOOTER_BYTES = 53;
/** The damage near the end of a table repeats every eighth round. */
const ROUNDS = 12;

const unexpected = (): never => {
  throw new Error("an intact file has no damage");
};

async function groupsOf(path: string): Promise<Group[]> {
  const checksums = await Checksums.load();
  const file = new RawFile(path, unexpected);
  try {
    const groups = [...(path.endsWith(".log") ? readLog : readTable)(file, checksums, unexpected)];
    const ranges = path.endsWith(".log") ? batches(file, checksums) : blocks(file, checksums);
    return groups.map((entries, index) => ({ ...must(ranges[index], "the range"), entries }));
  } finally {
    file.close();
  }
}

/** Damage to a part of a log's block may lose the whole block. */
function batches(file: RawFile, checksums: Checksums): Range[] {
  return [...new LogRecords(file, checksums, unexpected)].map(({ offset, end }) => ({
    from: offset - (offset % LOG_BLOCK_BYTES),
    to: Math.min(file.size, Math.ceil(end / LOG_BLOCK_BYTES) * LOG_BLOCK_BYTES),
  }));
}

/** The data blocks come first. */
function blocks(file: RawFile, checksums: Checksums): Range[] {
  const { context } = must(readFooter(file, checksums), "the footer");
  const pieces = scanBlocks(file, (block) => block.hasValidChecksum(checksums, context));
  return [...pieces].map(({ offset, length }) => ({ from: offset, to: offset + length }));
}

type Random = () => number;
/** Damages a file's content. `range`: which part of the old content is affected. */
type Damage = (content: Buffer, random: Random) => { content: Buffer; range: Range };
const DAMAGES: Record<string, Damage> = {
  "a flipped bit": (content, random) => {
    const at = Math.floor(random() * content.byteLength);
    content[at] = (content[at] as number) ^ (1 << Math.floor(random() * 8));
    return { content, range: { from: at, to: at + 1 } };
  },
  "a stretch of zeros": (content, random) => overwritten(content, random, () => 0),
  "a stretch of garbage": (content, random) => overwritten(content, random, () => random() * 256),
  "a cut": (content, random) => {
    const from = Math.floor(random() * content.byteLength);
    return { content: content.subarray(0, from), range: { from, to: content.byteLength } };
  },
  "a missing stretch": (content, random) => {
    const { from, to } = stretch(content, random);
    const rest = Buffer.concat([content.subarray(0, from), content.subarray(to)]);
    return { content: rest, range: { from, to: content.byteLength } };
  },
  "a stretch copied from elsewhere": (content, random) => {
    const { from, to } = stretch(content, random);
    const source = Math.floor(random() * (content.byteLength - (to - from)));
    content.copyWithin(from, source, source + to - from);
    return { content, range: { from, to } };
  },
};

function stretch(content: Buffer, random: Random): Range {
  const from = Math.floor(random() * content.byteLength);
  return { from, to: Math.min(content.byteLength, from + 1 + Math.floor(random() * 20_000)) };
}

function overwritten(content: Buffer, random: Random, byte: () => number): { content: Buffer; range: Range } {
  const range = stretch(content, random);
  for (let at = range.from; at < range.to; at++) content[at] = byte();
  return { content, range };
}

/**
 * Every other table is damaged only within this many bytes of its end, so that the small parts there are hit as well:
 * footer, metaindex, properties, index and filter.
 */
const TAIL_BYTES = [53, 200, 1500, 10_000];

describe.each(Object.entries(DAMAGES))("%s", (_, damage) => {
  it.each(["tables", "logs"])("loses the entries that it hits, and no others: %s", async (kind) => {
    const { path, logs } = await writtenShard(kind.length);
    const files = kind === "logs" ? filesOf(logs, ".log") : filesOf(path, ".sst");
    const sources = await Promise.all(files.map(async (file) => ({ file, groups: await groupsOf(file) })));
    for (let round = 0; round < ROUNDS; round++) {
      const { file, groups } = must(sources[round % sources.length], "a file");
      await expectOnlyHitEntriesLost(file, groups, damage, round);
    }
  });
});

async function expectOnlyHitEntriesLost(
  source: string,
  groups: readonly Group[],
  damage: Damage,
  seed: number,
): Promise<void> {
  const random = seededRandom(seed);
  const whole = readFileSync(source);
  const tail =
    seed % 2 === 0 && source.endsWith(".sst") ? must(TAIL_BYTES[(seed / 2) % 4], "a length") : whole.byteLength;
  const head = Math.max(0, whole.byteLength - tail);
  const hit = damage(Buffer.from(whole.subarray(head)), random);
  const range = { from: head + hit.range.from, to: head + hit.range.to };
  const directory = temporaryDirectory();
  writeFileSync(join(directory, basename(source)), Buffer.concat([whole.subarray(0, head), hit.content]));

  const { entries, damages } = await reading(directory);
  const found = new Set(entries.map(shown));
  // Without the footer, two blocks are needed to find the checksums' context.
  const findable = range.to < whole.byteLength - FOOTER_BYTES || groups.filter(({ to }) => to <= range.from).length > 1;
  const written = new Set(groups.flatMap((group) => group.entries.map(shown)));
  const place = `seed ${seed}, ${basename(source)}, bytes ${range.from} to ${range.to} of ${whole.byteLength}`;
  expect([...found].filter((entry) => !written.has(entry)).length, place).toBe(0);
  for (const group of groups) {
    const lost = group.entries.filter((entry) => !found.has(shown(entry)));
    const isHit = group.from < range.to && range.from < group.to;
    if (!isHit && findable) expect(lost.length, place).toBe(0);
    const end = head + hit.content.byteLength;
    // What follows a missing stretch has moved.
    const moved = range.to === whole.byteLength;
    const reported = damages.some(
      ({ offset, length }) => moved || (offset < group.to && group.from <= offset + length),
    );
    if (lost.length > 0 && group.from < end) expect(reported, place).toBe(true);
  }
}
