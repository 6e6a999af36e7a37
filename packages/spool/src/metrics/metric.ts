import type { Histogram } from "@rockspool/core";
import type { Registry } from "prom-client";
import type { StorageGuard } from "../monitor/storage-guard.ts";
import type { ShardClient } from "../shards/shard-client.ts";

/** What one spool's series are read from. */
export interface MetricSource {
  /** The spool's directory. */
  readonly path: string;
  readonly shards: readonly ShardClient[];
  readonly storage: StorageGuard;
}

export interface MetricDefinition {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram" | "untyped";
  /** A spool's series, which last as long as the spool. */
  series(source: MetricSource): readonly Series[];
}

/** Labels, and what is read when somebody scrapes: a number (null: nothing to say) or a histogram. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly read: (() => number | null) | Histogram;
}

/**
 * One line of a scrape, as prom-client's registry takes it, made once and given its value at each scrape. The registry keeps the
 * text that it made of a `sharedLabels` object, which halves what a scrape costs: so all labels are in there.
 */
interface Line {
  /** Absent for the metric's own name, which prom-client changes in OpenMetrics. */
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, never>>;
  readonly sharedLabels: Readonly<Record<string, string | number>>;
  value: number | null;
}

/** A series, and the lines that it makes. */
interface Reading {
  readonly read: Series["read"];
  readonly lines: readonly Line[];
}

const NO_LABELS = {};

/**
 * A metric in a prom-client registry that is read when somebody scrapes. prom-client's own metrics keep a value for each series, which
 * costs 67 ns to set and 301 ns to observe; here whoever counts adds to memory, and a scrape looks at it.
 */
export class Metric {
  // prom-client's OpenMetrics output writes here.
  name: string;
  readonly help: string;
  readonly type: string;
  readonly aggregator = "sum";
  readonly #definition: MetricDefinition;
  readonly #readings = new Map<MetricSource, readonly Reading[]>();

  readonly #registry: Registry;

  constructor(definition: MetricDefinition, registry: Registry) {
    this.#registry = registry;
    this.#definition = definition;
    this.name = definition.name;
    this.help = definition.help;
    this.type = definition.type;
  }

  /** What it is registered as. */
  get registeredName(): string {
    return this.#definition.name;
  }

  join(source: MetricSource): void {
    const { name, series } = this.#definition;
    const readings = series(source).map(({ labels, read }) => ({ read, lines: linesOf(name, labels, read) }));
    this.#readings.set(source, readings);
  }

  leave(source: MetricSource): void {
    this.#readings.delete(source);
  }

  /** What prom-client renders. */
  async getForPromString(): Promise<object> {
    return this.#scrape(this.#lines());
  }

  /** The same for its JSON, where the labels are `labels`, and the lines are the caller's. */
  async get(): Promise<object> {
    return this.#scrape(
      this.#lines().map(({ metricName, sharedLabels, value }) => ({ metricName, labels: sharedLabels, value })),
    );
  }

  /** Nothing is kept here that could be set back. */
  reset(): void {}

  #scrape(values: readonly object[]): object {
    const { name, help, aggregator } = this;
    const openMetrics = this.#registry.contentType.startsWith("application/openmetrics-text");
    const type = openMetrics && this.type === "untyped" ? "unknown" : this.type;
    return { name, help, type, values, aggregator };
  }

  #lines(): Line[] {
    const lines: Line[] = [];
    for (const readings of this.#readings.values()) {
      for (const reading of readings) {
        update(reading);
        for (const line of reading.lines) if (line.value !== null) lines.push(line);
      }
    }
    return lines;
  }
}

/** One, or for a histogram its buckets, then sum and count. */
function linesOf(name: string, labels: Series["labels"], read: Series["read"]): Line[] {
  if (typeof read === "function") return [{ labels: NO_LABELS, sharedLabels: labels, value: null }];
  const line = (ending: string, sharedLabels: Line["sharedLabels"] = labels): Line => {
    return { metricName: `${name}${ending}`, labels: NO_LABELS, sharedLabels, value: null };
  };
  const buckets = [...read.bounds, "+Inf"].map((le) => line("_bucket", { le, ...labels }));
  return [...buckets, line("_sum"), line("_count")];
}

function update({ read, lines }: Reading): void {
  if (typeof read === "function") {
    (lines[0] as Line).value = read();
    return;
  }
  let count = 0;
  const buckets = read.bounds.length + 1;
  for (let bucket = 0; bucket < buckets; bucket++) {
    count += read.count(bucket);
    (lines[bucket] as Line).value = count;
  }
  (lines[buckets] as Line).value = read.sum;
  (lines[buckets + 1] as Line).value = count;
}
