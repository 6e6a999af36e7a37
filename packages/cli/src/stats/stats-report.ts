import type { ShardHealth } from "rockspool";
import { formatBytes, formatCount, formatSeconds, plural } from "../terminal/format.ts";
import { renderTable } from "../terminal/table.ts";
import { renderSizeHistogram } from "./histogram.ts";
import type { SpoolStats } from "./spool-stats.ts";

/** What `stats` prints. */
export interface StatsResult {
  readonly path: string;
  readonly version: number;
  readonly shards: number;
  readonly stats: SpoolStats;
  readonly diskBytes: number;
  readonly health: readonly ShardHealth[];
  /** False if a part of the spool could not be listed, or the command was interrupted. */
  readonly complete: boolean;
}

const PERCENTS = [50, 75, 90, 95, 99] as const;

export function statsJson({ path, version, shards, stats, diskBytes, health, complete }: StatsResult): object {
  const { sizes } = stats;
  const percentiles = Object.fromEntries(PERCENTS.map((percent) => [`p${percent}`, sizes.percentile(percent)]));
  return {
    path,
    version,
    shards,
    complete,
    messages: sizes.count,
    bytes: sizes.sum,
    diskBytes,
    corrupt: stats.corrupt,
    corruptEntries: stats.corruptShown,
    oldest: stats.oldest,
    newest: stats.newest,
    sizes: { min: sizes.count === 0 ? 0 : sizes.min, mean: Math.round(sizes.mean), ...percentiles, max: sizes.max },
    histogram: sizes.octaves().map(({ from, to, count }) => ({ from, to, messages: count })),
    health,
  };
}

export function statsText(result: StatsResult, now: Date): string {
  const { stats, health } = result;
  const parts = [overview(result, now)];
  if (stats.sizes.count > 0) parts.push(renderSizeHistogram(stats.sizes.octaves()), percentiles(stats));
  parts.push(healthTable(health));
  if (stats.corrupt > 0) parts.push(corruptList(stats));
  return parts.join("\n\n");
}

function overview({ path, version, shards, stats, diskBytes, complete }: StatsResult, now: Date): string {
  const { sizes } = stats;
  const dated = (date: Date) => `${date.toISOString()} (${formatSeconds((now.getTime() - date.getTime()) / 1000)} ago)`;
  const rows = [
    ["spool", `${path} (format ${version}, ${plural(shards, "shard")})`],
    ["messages", complete ? formatCount(sizes.count) : `${formatCount(sizes.count)}, not complete`],
    ["bytes", `${formatBytes(sizes.sum)}, ${formatBytes(Math.round(sizes.mean))} a message`],
    ["on disk", formatBytes(diskBytes)],
    ["corrupt", formatCount(stats.corrupt)],
  ];
  if (stats.oldest !== null && stats.newest !== null) {
    rows.push(["oldest", dated(stats.oldest)], ["newest", dated(stats.newest)]);
  }
  return renderTable(rows, ["left", "left"]);
}

function percentiles({ sizes }: SpoolStats): string {
  const rows = PERCENTS.map((percent) => [`p${percent}`, formatBytes(sizes.percentile(percent))]);
  return renderTable([["min", formatBytes(sizes.min)], ...rows, ["max", formatBytes(sizes.max)]], ["left", "right"]);
}

function healthTable(health: readonly ShardHealth[]): string {
  const rows = health.map((shard) => [
    String(shard.index),
    shard.state,
    shard.latched ? "latched" : "accepting",
    String(shard.foregroundErrors + shard.backgroundErrors),
    String(shard.restarts),
    shard.missingBatches === null ? "none" : `${shard.missingBatches.from}-${shard.missingBatches.to}`,
    shard.reason ?? "",
  ]);
  const head = ["shard", "state", "writes", "errors", "restarts", "lost batches", "reason"];
  return renderTable([head, ...rows], ["right", "left", "left", "right", "right", "left", "left"]);
}

function corruptList({ corrupt, corruptShown }: SpoolStats): string {
  const lines = corruptShown.map(({ key, error }) => `${key}  ${error}`);
  const more = corrupt - corruptShown.length;
  return ["corrupt entries:", ...lines, ...(more > 0 ? [`and ${formatCount(more)} more`] : [])].join("\n");
}
