import { type MetricsRegistry, SpoolConfigError } from "@rockspool/core";
import { type Registry, register } from "prom-client";
import { Metric, type MetricSource } from "./metric.ts";
import { operationMetrics } from "./operation-metrics.ts";
import { rocksDbMetrics } from "./rocksdb-metrics.ts";
import { shardMetrics } from "./shard-metrics.ts";

/**
 * All that a spool tells a prom-client registry. Nothing is done for it until somebody scrapes: everything is read then, from the
 * gate's shared memory and from what the main thread counts. Spools that share a registry share the metrics.
 */
const DEFINITIONS = [...rocksDbMetrics, ...operationMetrics, ...shardMetrics];

const families = new WeakMap<Registry, Family>();

/** One spool's series. Ends with `leave`, which takes them out of the registry. */
export class Metrics {
  readonly #family: Family;
  readonly #source: MetricSource;

  /** `registry` null: prom-client's global one. Throws a `SpoolConfigError` where it has a metric of such a name already. */
  constructor(registry: MetricsRegistry | null, source: MetricSource) {
    // What was validated is that it is a registry; prom-client's own type says more than that.
    const into = (registry ?? register) as Registry;
    const family = families.get(into) ?? new Family(into);
    family.join(source);
    families.set(into, family);
    this.#family = family;
    this.#source = source;
  }

  leave(): void {
    this.#family.leave(this.#source);
  }
}

/** The metrics of one registry, which are in it as long as any spool is. */
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

  /** All of them or none. One that is there already stays; one that was cleared away by the registry's owner comes back. */
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
