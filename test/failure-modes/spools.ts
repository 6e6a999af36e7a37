import { cp, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { openSpool, type RocksSpool } from "rockspool";
import { COUNT, fill, SHARDS } from "../durability/children/filling.mjs";
import { Child } from "../support/child.ts";
import type { RecordingLogger } from "../support/recording-logger.ts";
import { changeMark, isMarked, logPath } from "../support/shard-files.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";
import { until } from "../support/until.ts";
import type { Moment } from "./cells.ts";

const MONITOR_INTERVAL_MS = 20;
/** Errors that are no proof of anything latch soon; a gate opens only when the experiment asks for the proof. */
const PARAMS = { errorLatchDuration: 100, allowErrorUnlatch: false } as const;

export function openQuietly(path: string, logger?: RecordingLogger): Promise<RocksSpool> {
  return openSpool({ path, shards: SHARDS, monitorInterval: MONITOR_INTERVAL_MS, params: PARAMS, logger });
}

/**
 * Closed spools to be copied and damaged, one for each moment, in a temporary directory of their own. Each shard holds
 * the same messages: the older half in the first segment, the newer half in the second one. The index holds all of them
 * in tables (`closed`), or the newer half in RocksDB's log alone (`killed`, and `open` when `openFilled` has it).
 */
export class Spools implements AsyncDisposable {
  readonly #directory: string;
  #copies = 0;

  static async make(): Promise<Spools> {
    const directory = await makeTemporaryDirectory();
    const killed = new Child(new URL("./children/fill-and-wait.mjs", import.meta.url), [join(directory, "killed")]);
    try {
      await killed.line("filled");
      await untilMarked(join(directory, "killed"));
    } finally {
      await killed.kill();
    }
    const spool = await openFilled(join(directory, "closed"));
    await spool.shutdown();
    return new Spools(directory);
  }

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** A path where nothing is yet. */
  fresh(): string {
    return join(this.#directory, `cell-${this.#copies++}`);
  }

  async copyOf(moment: Exclude<Moment, "open">): Promise<string> {
    const path = this.fresh();
    await cp(join(this.#directory, moment), path, { recursive: true });
    await keepPlaces(path);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** A new spool with the messages in it, and marks that know them all. Each opening begins a segment. */
export async function openFilled(path: string, logger?: RecordingLogger): Promise<RocksSpool> {
  const first = await openQuietly(path);
  await fill(first, 0);
  await first.shutdown();
  const spool = await openQuietly(path, logger);
  await fill(spool, COUNT);
  await untilMarked(path);
  return spool;
}

async function untilMarked(path: string): Promise<void> {
  for (let shard = 0; shard < SHARDS; shard++) await until("the mark knows all blocks", () => isMarked(path, shard));
}

/**
 * What a crash of the process would leave of an open spool. A mark never knows of more than the files hold, so marks
 * come first.
 */
export async function copyAsCrashed(path: string, to: string): Promise<void> {
  const copy = async (marks: boolean): Promise<void> => {
    const isWanted = (from: string): boolean =>
      from === path || (from.endsWith(".mark") === marks && !from.endsWith(".tmp"));
    await cp(path, to, { recursive: true, force: false, filter: isWanted });
  };
  await until("no file has gone away while it was copied", async () => {
    try {
      await copy(true);
      await copy(false);
      await keepPlaces(to);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      await rm(to, { recursive: true, force: true });
      return false;
    }
  });
}

/**
 * A mark names the place of its log. A copy is in another one, and passes for the same: a crash leaves the files where
 * they are.
 */
async function keepPlaces(path: string): Promise<void> {
  for (let shard = 0; shard < SHARDS; shard++) {
    const log = await stat(logPath(path, shard), { bigint: true }).catch(() => null);
    // A damaged mark stays damaged.
    if (log !== null) await changeMark(path, shard, { place: `${log.dev}:${log.ino}` }).catch(() => {});
  }
}
