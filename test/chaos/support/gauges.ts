import { createRequire } from "node:module";
import type { openSpool } from "rockspool";

type SpoolRegistry = NonNullable<Parameters<typeof openSpool>[0]["registry"]>;

interface Registry extends SpoolRegistry {
  getMetricsAsJSON(): Promise<{ name: string; values: { value: number; labels: { path?: string } }[] }[]>;
}

const PACKAGE = "prom-client";
// The very package that the spool uses: its registry is what users inject.
const require = createRequire(createRequire(import.meta.url).resolve("rockspool/package.json"));
const { Registry }: { Registry: new () => Registry } = require(PACKAGE);

/** A registry of its own, and what a scrape of it says. */
export class Gauges {
  readonly registry: SpoolRegistry;
  readonly #registry: Registry;

  constructor() {
    this.registry = this.#registry = new Registry();
  }

  /** The gauge's value for each shard's directory, as they are in the turn of the call. */
  async scrape(gauge: string): Promise<Map<string, number>> {
    const metrics = await this.#registry.getMetricsAsJSON();
    const series = metrics.find(({ name }) => name === `rocks_spool_${gauge}`)?.values ?? [];
    return new Map(series.map(({ value, labels }) => [labels.path ?? "", value]));
  }
}
