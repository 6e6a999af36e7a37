import { formatBytes, formatCount, formatMs, formatSeconds, plural } from "../terminal/format.ts";
import { renderTable } from "../terminal/table.ts";
import type { DemoResult } from "./demo.ts";
import { DEMO_IN_FLIGHT, type Phase } from "./demo-run.ts";

export function demoJson(result: DemoResult): object {
  const { phases, disk, ...rest } = result;
  return {
    ok: true,
    ...rest,
    inFlight: DEMO_IN_FLIGHT,
    phases: phases.map((phase) => ({
      ...phase,
      perSecond: perSecond(phase),
      bytesPerSecond: phase.bytes / phase.seconds,
    })),
    disk,
    compressionRatio: ratio(result),
  };
}

export function demoText(result: DemoResult): string {
  const { disk, messages, bytes, shards, seed } = result;
  const head = ["phase", "messages", "bytes", "time", "rate", "", "p50", "p95", "p99", "max"];
  const align = ["left", ...head.slice(1).map(() => "right" as const)] as const;
  const facts = [
    ["disk use, all messages", `${formatBytes(disk.full)} for ${formatBytes(bytes)} of messages`],
    [
      "disk use, half removed and compacted",
      `${formatBytes(disk.compacted)} for ${formatBytes(disk.keptBytes)} of messages`,
    ],
    ["compression ratio", ratio(result).toFixed(2)],
  ];
  return [
    `${formatCount(messages)} messages, ${formatBytes(bytes)}, ${plural(shards, "shard")}, ` +
      `${DEMO_IN_FLIGHT} in flight, seed ${seed}`,
    renderTable([head, ...result.phases.map(row)], align),
    renderTable(facts, ["left", "left"]),
    "Every byte of every message was compared, before and after: none missing, none extra, none different.",
  ].join("\n\n");
}

function row(phase: Phase): string[] {
  const { name, messages, bytes, seconds, latency } = phase;
  const latencies = latency === null ? [] : [latency.p50, latency.p95, latency.p99, latency.max].map(formatMs);
  const throughput = bytes === 0 ? "" : `${formatBytes(bytes / seconds)}/s`;
  return [
    name,
    formatCount(messages),
    bytes === 0 ? "" : formatBytes(bytes),
    formatSeconds(seconds),
    `${formatCount(perSecond(phase))}/s`,
    throughput,
    ...latencies,
  ];
}

function perSecond({ messages, seconds }: Phase): number {
  return messages / seconds;
}

/** Bytes of messages for each byte of disk use, which includes indexes and logs. */
function ratio({ disk }: DemoResult): number {
  return disk.compacted === 0 ? 0 : disk.keptBytes / disk.compacted;
}
