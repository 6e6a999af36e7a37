import { type MetricsRegistry, SAMPLE_FIELDS, type Sample, SpoolConfigError } from "@rockspool/core";
import { Gauge, type Registry, register } from "prom-client";
import type { ShardClient } from "./shard-client.ts";

/**
 * RocksDB's figures as gauges, one series a shard, labelled with its directory: the names of the seed's eleven. They are read from
 * the gate when somebody scrapes, and cost nothing otherwise. Spools that share a registry share the gauges.
 */
const GAUGES: Readonly<Record<keyof Sample | "loadShedActive", { readonly name: string; readonly help: string }>> = {
  memTableTotal: {
    name: "rocks_spool_mem_table_total",
    help: "Bytes in all memtables of the shard, about; those being flushed count too.",
  },
  memTableUnflushed: {
    name: "rocks_spool_mem_table_unflushed",
    help: "Bytes in memtables whose content is in no table yet, about.",
  },
  memTableReadersTotal: {
    name: "rocks_spool_mem_table_readers_total",
    help: "Bytes that open tables take up in memory (indexes, filters) outside the block cache, about.",
  },
  cacheTotal: {
    name: "rocks_spool_cache_total",
    help: "Bytes in the shard's block cache.",
  },
  backgroundErrors: {
    name: "rocks_spool_background_errors",
    help: "Flushes and compactions that failed since the shard was opened. It never falls; alert on its increase.",
  },
  writeStopped: {
    name: "rocks_spool_write_stopped",
    help: "1 while RocksDB takes no writes until a flush or compaction has caught up. That is back-pressure, not damage.",
  },
  loadShedActive: {
    name: "rocks_spool_load_shed_active",
    help: "1 while the shard's gate is latched: its stores and removes are refused at once. Page on this one.",
  },
  numRunningCompactions: {
    name: "rocks_spool_num_running_compactions",
    help: "Compactions that run now. 0 for long while the backlog grows means that the background work is stuck.",
  },
  compactionPending: {
    name: "rocks_spool_compaction_pending",
    help: "1 while a compaction waits to be run. Coming and going is normal under load.",
  },
  estimatePendingCompactionBytes: {
    name: "rocks_spool_estimate_pending_compaction_bytes",
    help: "Bytes that compactions have to rewrite until all levels are within their sizes, about.",
  },
  actualDelayedWriteRate: {
    name: "rocks_spool_actual_delayed_write_rate",
    help: "Bytes a second that RocksDB slows writers down to; 0 while it does not. The early sign of a stop.",
  },
};

const families = new WeakMap<Registry, Family>();

/** One spool's series. Ends with `leave`, which takes them out of the registry. */
export class Metrics {
  readonly #family: Family;
  readonly #shards: readonly ShardClient[];

  /** `registry` null: prom-client's global one. Throws a `SpoolConfigError` where it has a metric of such a name already. */
  constructor(registry: MetricsRegistry | null, shards: readonly ShardClient[]) {
    // What was validated is that it is a registry; prom-client's own type says more than that.
    const into = (registry ?? register) as Registry;
    const family = families.get(into) ?? new Family(into);
    family.join(shards);
    families.set(into, family);
    this.#family = family;
    this.#shards = shards;
  }

  leave(): void {
    this.#family.leave(this.#shards);
  }
}

/** The gauges of one registry, as long as any spool is in it. */
class Family {
  readonly #registry: Registry;
  readonly #shards = new Set<ShardClient>();
  #gauges: Gauge[] = [];

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  join(shards: readonly ShardClient[]): void {
    if (this.#gauges.length === 0) this.#register();
    for (const shard of shards) this.#shards.add(shard);
  }

  /** All of them or none. */
  #register(): void {
    const made: string[] = [];
    try {
      for (const field of [...SAMPLE_FIELDS, "loadShedActive" as const]) {
        this.#gauges.push(this.#gauge(field));
        made.push(GAUGES[field].name);
      }
    } catch (error) {
      for (const name of made) this.#registry.removeSingleMetric(name);
      this.#gauges = [];
      throw new SpoolConfigError(
        "registry",
        "a Registry",
        `it cannot take the spool's gauges: ${(error as Error).message}`,
      );
    }
  }

  leave(shards: readonly ShardClient[]): void {
    for (const shard of shards) {
      this.#shards.delete(shard);
      for (const gauge of this.#gauges) gauge.remove(shard.path);
    }
    if (this.#shards.size > 0) return;
    for (const { name } of Object.values(GAUGES)) this.#registry.removeSingleMetric(name);
    this.#gauges = [];
  }

  #gauge(field: keyof typeof GAUGES): Gauge {
    const read = (shard: ShardClient): number =>
      field === "loadShedActive" ? Number(shard.gate.latched) : shard.gate.readSample()[field];
    const shards = this.#shards;
    return new Gauge({
      ...GAUGES[field],
      labelNames: ["path"],
      registers: [this.#registry],
      collect() {
        for (const shard of shards) this.set({ path: shard.path }, read(shard));
      },
    });
  }
}
