/**
 * What a test may say of messages whose writes run at the same time, are lost on the way, or are given up. Writes to
 * one shard are applied in the order of their calls, so what an id holds is the last write to it that was applied.
 *
 *     pending ──acknowledged──▶ applied ──power cut, not synced──▶ unknown
 *        ├──"not-written"─────▶ dead: never seen, before or after
 *        └──"unknown"─────────▶ unknown ──seen──▶ applied
 *                                  └──settled (below), and an older one is seen──▶ dead
 */
export interface Write {
  readonly id: number;
  readonly shard: number;
  /** In the order of calls, over all ids. */
  readonly sequence: number;
  /** Null for a remove. Two stores never store the same. */
  readonly value: number | null;
  state: "pending" | "applied" | "unknown" | "dead";
  /**
   * An unknown write that will not be applied any more if it was not yet: the shard has answered a later one, or its
   * thread is gone.
   */
  settled: boolean;
  seen: boolean;
  /** The power cut that may have taken it although it was acknowledged, by its number; 0 for none. */
  cut: number;
}

/** A look at one id, from its call to its answer. */
export interface Look {
  readonly id: number;
  /** The writes that may be what the id holds, and whether it may never have been written. */
  readonly candidates: readonly Write[];
  readonly maybeVirgin: boolean;
  readonly sequence: number;
  /** Unknown writes of the id that had settled before. */
  readonly settled: readonly Write[];
}

export class WriteHistory {
  readonly #writes: Write[] = [];
  readonly #shardOf: (id: number) => number;
  /** By shard: the newest write that is known to be on the disk, and with it all before. */
  readonly #synced = new Map<number, number>();
  #cuts = 0;

  constructor(shardOf: (id: number) => number) {
    this.#shardOf = shardOf;
  }

  begin(id: number, value: number | null): Write {
    const sequence = this.#writes.length;
    const write: Write = {
      id,
      shard: this.#shardOf(id),
      sequence,
      value,
      state: "pending",
      settled: false,
      seen: false,
      cut: 0,
    };
    this.#writes.push(write);
    return write;
  }

  acknowledged(write: Write, reached: "written" | "synced"): void {
    if (write.state === "dead")
      throw new Error(`${say(write)} was acknowledged, and an answer has shown that it is not there`);
    write.state = "applied";
    for (const other of this.#writes) {
      if (other.shard === write.shard && other.sequence < write.sequence) other.settled = true;
    }
    if (reached === "synced") this.#onDisk(write.shard, write.sequence);
  }

  refused(write: Write, outcome: "not-written" | "unknown"): void {
    if (outcome === "not-written" && write.seen) throw new Error(`${say(write)} is called not written, and was seen`);
    if (outcome === "not-written") write.state = "dead";
    else if (write.state === "pending") write.state = write.seen ? "applied" : "unknown";
  }

  /** The newest write that the shard has acknowledged; -1 for none. */
  newest(shard: number): number {
    return this.#writes.findLast((write) => write.shard === shard && write.state === "applied")?.sequence ?? -1;
  }

  /** The shard has written out everything up to this write. */
  flushed(shard: number, newest: number): void {
    this.#onDisk(shard, newest);
  }

  /** No thread of before is left: what was not applied never will be. */
  threadsGone(): void {
    for (const write of this.#writes) write.settled = true;
  }

  /** What was not synced may be gone, the newest first. */
  powerCut(): void {
    this.#cuts++;
    for (const write of this.#writes) {
      if (write.state !== "applied" || write.sequence <= (this.#synced.get(write.shard) ?? -1)) continue;
      write.state = "unknown";
      write.seen = false;
      write.cut = this.#cuts;
    }
  }

  get length(): number {
    return this.#writes.length;
  }

  look(id: number): Look {
    const own = this.#writes.filter((write) => write.id === id);
    const candidates: Write[] = [];
    const settled = own.filter((write) => write.state === "unknown" && write.settled);
    for (const write of own.toReversed()) {
      if (write.state === "dead") continue;
      candidates.push(write);
      if (write.state === "applied" || write.seen)
        return { id, candidates, maybeVirgin: false, sequence: this.length, settled };
    }
    return { id, candidates, maybeVirgin: true, sequence: this.length, settled };
  }

  /** The look found `value`, or nothing. Throws where that cannot be. */
  saw(look: Look, value: number | null): void {
    const later = this.#writes.filter(({ id, sequence }) => id === look.id && sequence >= look.sequence);
    const possible = [...look.candidates, ...later].filter((write) => write.state !== "dead");
    const found = possible.filter((write) => write.value === value).sort((a, b) => a.sequence - b.sequence);
    const virgin = value === null && look.maybeVirgin;
    if (found.length === 0 && !virgin) {
      const may = [...possible.map(say), ...(look.maybeVirgin ? ["nothing"] : [])].join(", ");
      throw new Error(`id ${look.id} holds ${value ?? "nothing"}, and may hold ${may}; all: ${this.#all(look.id)}`);
    }
    const last = virgin && found.length === 0 ? -1 : (found.at(-1) as Write).sequence;
    for (const write of look.settled) if (write.sequence > last && write.state === "unknown") this.#kill(write);
    const first = found[0];
    if (virgin || first === undefined) return;
    // Of several removes any may be the one: what the id holds is the same as if it was the first.
    if (found.length === 1) first.seen = true;
    if (first.state === "unknown") this.#revive(first);
  }

  #onDisk(shard: number, sequence: number): void {
    this.#synced.set(shard, Math.max(this.#synced.get(shard) ?? -1, sequence));
  }

  #kill(write: Write): void {
    write.state = "dead";
    if (write.cut === 0) return;
    // The newest go first: what the shard had acknowledged after a lost write is lost as well.
    for (const other of this.#writes) {
      if (other.shard !== write.shard || other.cut !== write.cut || other.sequence < write.sequence) continue;
      if (other.seen && other.state === "applied") {
        throw new Error(`${say(write)} is lost, and the later ${say(other)} is not`);
      }
    }
  }

  #revive(write: Write): void {
    write.state = "applied";
    if (write.cut === 0 || !write.seen) return;
    for (const other of this.#writes) {
      if (other.shard !== write.shard || other.cut !== write.cut || other.sequence > write.sequence) continue;
      if (other.state === "dead") throw new Error(`${say(other)} is lost, and the later ${say(write)} is not`);
      other.state = "applied";
    }
  }

  #all(id: number): string {
    return this.#writes
      .filter((write) => write.id === id)
      .map(say)
      .join(", ");
  }
}

function say({ value, sequence, state, settled, cut }: Write): string {
  const marks = `${settled ? " settled" : ""}${cut > 0 ? ` cut ${cut}` : ""}`;
  return `${value === null ? "the remove" : `value ${value}`} (write ${sequence}, ${state}${marks})`;
}
