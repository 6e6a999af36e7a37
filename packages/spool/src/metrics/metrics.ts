import { type MetricsRegistry, SpoolConfigError } from "@rockspool/core";
import { type Registry, register } from "prom-client";
import { Metric, type MetricSource } from "./metric.ts";
import { operationMetrics } from "./operation-metrics.ts";
import { rocksDbMetrics } from "./rocksdb-metrics.ts";
import { shardMetrics } from "./shard-metrics.ts";

/**
 * All metrics of a spool. Their values are read only at a scrape, from the shared status memory and from the main
 * thread's counts. Spools that share a registry share the metrics.
 */
const DEFINITIONS = [...rocksDbMetrics, ...operationMetrics, ...shardMetrics];

const families = new WeakMap<Registry, Family>();

/** One spool's series in a registry. */
export class Metrics {
  readonly #family: Family;
  readonly #source: MetricSource;

  /**
   * `registry` null: prom-client's global one. Throws a `SpoolConfigError` if the registry has a metric with one of the
   * names.
   */
  constructor(registry: MetricsRegistry | null, source: MetricSource) {
    // The options check only the methods that are used here; prom-client's own type has more.
    const into = (registry ?? register) as Registry;
    const family = families.get(into) ?? new Family(into);
    family.join(source);
    families.set(into, family);
    this.#family = family;
    this.#source = source;
  }

  /** Removes the series, and with the last spool's the metrics. */
  leave(): void {
    this.#family.leave(this.#source);
  }
}

/** The metrics of one registry. They are registered while there is at least one spool. */
class Family {
  readonly #registry: Registry;
  readonly #metrics: readonly Metric[];
  #spools = 0;

  constructor(registry: Registry) {
    this.#registry = registry;
    this.#metrics = DEFINITIONS.map((definition) => new Metric(definition, registry));
  }

  join(source: MetricSource): void {
    this.#register();
    for (const metric of this.#metrics) metric.join(source);
    this.#spools++;
  }

  leave(source: MetricSource): void {
    for (const metric of this.#metrics) metric.leave(source);
    this.#spools--;
    if (this.#spools === 0) this.#remove(this.#metrics);
  }

  /**
   * Registers all metrics or none. Registered ones stay; those that the registry's owner has cleared are registered
   * again.
   */
  #register(): void {
    const made: Metric[] = [];
    try {
      for (const metric of this.#metrics) {
        this.#registry.registerMetric(metric as never);
        made.push(metric);
      }
    } catch (error) {
      if (this.#spools === 0) this.#remove(made);
      throw new SpoolConfigError(
        "registry",
        "a Registry",
        `it cannot take the spool's metrics: ${(error as Error).message}`,
      );
    }
  }

  #remove(metrics: readonly Metric[]): void {
    for (const { registeredName } of metrics) this.#registry.removeSingleMetric(registeredName);
  }
}
