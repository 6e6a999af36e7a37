import { rm } from "node:fs/promises";
import { type RocksSpool, salvageSpool, verifySpool } from "rockspool";
import { COUNT } from "../durability/children/filling.mjs";
import { RecordingLogger } from "../support/recording-logger.ts";
import { markedBlock } from "../support/shard-files.ts";
import { until } from "../support/until.ts";
import type { Cell } from "./cells.ts";
import { DAMAGED, doDamage } from "./do-damage.ts";
import { Books, healthOf, nameOf, observe, type Seen } from "./observe.ts";
import { copyAsCrashed, openFilled, openQuietly, type Spools } from "./spools.ts";

/** What came of one cell. */
export interface Result {
  readonly cell: Cell;
  /** What `verifySpool` says of the closed spool: before it is opened, or after the one that was open is shut down. */
  readonly verify: string;
  readonly atOnce: Life;
  /** Whether the gate was latched, and what came of asking the shard for a proof. */
  readonly proof: "not latched" | "passed" | "failed";
  /** Of a spool that was open: what the next process finds after a crash instead of the shutdown. */
  readonly crash: Life | null;
  /** After a shutdown and one more open. */
  readonly restart: Life;
  /** What `shutdown` rejected with. */
  readonly shutdown: string | null;
  /**
   * How many of the messages a salvage brings back, where the restarted spool does not give all of them; null where it
   * need not.
   */
  readonly salvaged: number | string | null;
}

/** What a spool that was opened said, or what `openSpool` rejected with. */
export type Life = Seen | { readonly rejected: string };

export async function experiment(spools: Spools, cell: Cell): Promise<Result> {
  return cell.moment === "open" ? underOpenSpool(spools, cell) : beforeOpening(spools, cell, cell.moment);
}

async function underOpenSpool(spools: Spools, cell: Cell): Promise<Result> {
  const path = spools.fresh();
  const logger = new RecordingLogger();
  const books = new Books();
  const spool = await openFilled(path, logger);
  let atOnce: Seen;
  let proof: Result["proof"];
  let crash: Life;
  let shutdown: string | null = null;
  try {
    await doDamage(path, cell);
    await noticedOrMarked(spool, path, books);
    atOnce = await observe(spool, books, logger);
    proof = await prove(spool);
    const copy = spools.fresh();
    await copyAsCrashed(path, copy);
    crash = await live(copy, books.copy());
    await rm(copy, { recursive: true });
  } finally {
    shutdown = await spool.shutdown().then(() => null, nameOf);
  }
  const verify = await verified(path);
  return finish(spools, path, books, { cell, verify, atOnce, proof, crash, shutdown });
}

async function beforeOpening(spools: Spools, cell: Cell, moment: "closed" | "killed"): Promise<Result> {
  const path = await spools.copyOf(moment);
  const books = new Books();
  await doDamage(path, cell);
  const verify = await verified(path);
  const logger = new RecordingLogger();
  let atOnce: Life;
  let proof: Result["proof"] = "not latched";
  let shutdown: string | null = null;
  try {
    const spool = await openQuietly(path, logger);
    try {
      atOnce = await observe(spool, books, logger);
      proof = await prove(spool);
    } finally {
      shutdown = await spool.shutdown().then(() => null, nameOf);
    }
  } catch (error) {
    atOnce = { rejected: nameOf(error) };
  }
  return finish(spools, path, books, { cell, verify, atOnce, proof, crash: null, shutdown });
}

async function finish(
  spools: Spools,
  path: string,
  books: Books,
  found: Omit<Result, "restart" | "salvaged">,
): Promise<Result> {
  const restart = await live(path, books);
  const whole = "load" in restart && restart.load.read === 2 * COUNT;
  const salvaged = whole ? null : await salvage(path, spools.fresh());
  await rm(path, { recursive: true });
  return { ...found, restart, salvaged };
}

/**
 * The shard's own look at its files is over: it has latched, or written a mark that knows of a message that came after
 * the damage. Twice, because the first mark's tick may have looked before that.
 */
async function noticedOrMarked(spool: RocksSpool, path: string, books: Books): Promise<void> {
  for (let mark = 0; mark < 2; mark++) {
    const before = (await markedBlock(path, DAMAGED)) ?? -1;
    await books.store(spool, false);
    await until("the shard has looked at its files", async () => {
      if (healthOf(spool).latched) return true;
      return ((await markedBlock(path, DAMAGED)) ?? -1) > before;
    });
  }
}

async function prove(spool: RocksSpool): Promise<Result["proof"]> {
  if (!healthOf(spool).latched) return "not latched";
  return spool.unlatch(DAMAGED).then(
    () => "passed",
    () => "failed",
  );
}

/** Opens a spool, looks at it, and shuts it down. */
async function live(path: string, books: Books): Promise<Life> {
  const logger = new RecordingLogger();
  let spool: RocksSpool;
  try {
    spool = await openQuietly(path, logger);
  } catch (error) {
    return { rejected: nameOf(error) };
  }
  try {
    return await observe(spool, books, logger);
  } finally {
    await spool.shutdown().catch(() => {});
  }
}

/** `sound`, or what is wrong, and with what. */
async function verified(path: string): Promise<string> {
  try {
    const { ok, layoutError, shards } = await verifySpool({ path });
    if (ok) return "sound";
    const shard = shards[DAMAGED];
    return layoutError === null ? (shard?.state ?? "no shard") : "rockspool.json";
  } catch (error) {
    return nameOf(error);
  }
}

async function salvage(source: string, destination: string): Promise<number | string> {
  try {
    await salvageSpool({ source, destination, onProblem: () => {} });
  } catch (error) {
    return nameOf(error);
  }
  const life = await live(destination, new Books());
  await rm(destination, { recursive: true });
  return "load" in life ? life.load.read : life.rejected;
}
