import { type RocksSpool, SpoolError, SpoolId, SpoolNotFoundError } from "rockspool";
import { BYTES, COUNT, idsOfShard, SHARDS } from "../durability/children/filling.mjs";
import { payload } from "../support/payload.mjs";
import type { RecordingLogger } from "../support/recording-logger.ts";
import { idOnShard, shardOf } from "../support/shard-files.ts";
import { DAMAGED } from "./do-damage.ts";

/** Messages a shard was acknowledged before the damage. */
export const MESSAGES = 2 * COUNT;

/** What each call said, once after another, and what the shard looked like then. */
export interface Seen {
  readonly load: Loads;
  readonly enumerate: string;
  readonly store: string;
  readonly remove: string;
  /** `open`, `read-only`, `down`. */
  readonly state: string;
  readonly latched: boolean;
  readonly reason: string | null;
  /** Whether an error, the gate or a line of the log reports the damage. */
  readonly told: boolean;
}

export interface Loads {
  /** Of the messages, those that came byte for byte. */
  readonly read: number;
  /** What the others failed with, each once. */
  readonly errors: readonly string[];
  /** Of what was stored after the damage, what did not come. */
  readonly laterLost: number;
  /** What nothing may look like: other bytes, "not found" for what was acknowledged, or damage to another shard. */
  readonly lies: readonly string[];
}

/** The messages of the experiment, and those that were acknowledged on the way. */
export class Books {
  readonly #later: { readonly id: SpoolId; readonly seed: number }[] = [];
  #seed = MESSAGES;

  /** For a copy of the spool: what is stored there is not in the spool itself. */
  copy(): Books {
    const copy = new Books();
    copy.#later.push(...this.#later);
    copy.#seed = this.#seed;
    return copy;
  }

  /** What the store of a new message said. */
  async store(spool: RocksSpool, forceSync: boolean): Promise<string> {
    const id = idOnShard(DAMAGED, SHARDS);
    const seed = this.#seed++;
    try {
      const reached = await spool.store(id, payload(seed, BYTES), { forceSync });
      this.#later.push({ id, seed });
      return reached;
    } catch (error) {
      return nameOf(error);
    }
  }

  /** Loads all messages. */
  async load(spool: RocksSpool): Promise<Loads> {
    const errors = new Set<string>();
    const lies: string[] = [];
    const came = async (id: SpoolId, seed: number): Promise<boolean> => {
      try {
        const whole = Buffer.compare(await spool.load(id), payload(seed, BYTES)) === 0;
        if (!whole) lies.push(`message ${seed} is not what was stored`);
        return whole;
      } catch (error) {
        errors.add(nameOf(error));
        if (error instanceof SpoolNotFoundError) lies.push(`message ${seed} was acknowledged, and is called not found`);
        return false;
      }
    };
    const loadAll = async (shard: number): Promise<number> => {
      let read = 0;
      for (const [seed, bytes] of idsOfShard(shard).entries()) if (await came(SpoolId.fromBytes(bytes), seed)) read++;
      return read;
    };
    const read = await loadAll(DAMAGED);
    let laterLost = 0;
    for (const { id, seed } of this.#later) if (!(await came(id, seed))) laterLost++;
    for (const { index, latched } of spool.health()) {
      if (index === DAMAGED) continue;
      if (latched || (await loadAll(index)) < MESSAGES) lies.push(`shard ${index} is damaged too`);
    }
    return { read, errors: [...errors].sort(), laterLost, lies };
  }
}

export async function observe(spool: RocksSpool, books: Books, logger: RecordingLogger): Promise<Seen> {
  const load = await books.load(spool);
  const enumerate = await enumerated(spool);
  const store = await books.store(spool, true);
  const remove = await removed(spool);
  const { state, latched, reason } = healthOf(spool);
  const told = latched || reason !== null || load.errors.length > 0 || logger.alarms.length > 0;
  return { load, enumerate, store, remove, state, latched, reason, told };
}

export function healthOf(spool: RocksSpool) {
  const health = spool.health()[DAMAGED];
  if (health === undefined) throw new Error(`there is no shard ${DAMAGED}`);
  return health;
}

/** How many of the damaged shard's messages came, and how it ended. */
async function enumerated(spool: RocksSpool): Promise<string> {
  const expected = new Set(idsOfShard(DAMAGED).map((id) => SpoolId.fromBytes(id).toString()));
  let count = 0;
  try {
    for await (const entry of spool.enumerate()) {
      if (entry.kind === "corrupt") return `a corrupt entry: ${nameOf(entry.error)}`;
      if (shardOf(entry.id, SHARDS) === DAMAGED && expected.has(entry.id.toString())) count++;
    }
    return String(count);
  } catch (error) {
    return `${count}, then ${nameOf(error)}`;
  }
}

/** Of a message that is not there, which is no error. */
async function removed(spool: RocksSpool): Promise<string> {
  try {
    await spool.remove(idOnShard(DAMAGED, SHARDS));
    return "done";
  } catch (error) {
    return nameOf(error);
  }
}

/** An error as the table names it: `SpoolEngineError (io, unknown)`. */
export function nameOf(error: unknown): string {
  if (!(error instanceof SpoolError)) return error instanceof Error ? error.name : String(error);
  const { kind, outcome } = error as SpoolError & { kind?: string };
  const details = [kind, outcome].filter((detail) => detail !== undefined);
  return details.length === 0 ? error.constructor.name : `${error.constructor.name} (${details.join(", ")})`;
}
