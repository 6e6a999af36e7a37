import { openSpool, type RocksSpool } from "rockspool";
import { Random } from "../compose/random.ts";
import type { Context } from "../context.ts";
import { diskUse } from "../disk-use.ts";
import { MAX_MESSAGE_BYTES } from "../mail/limits.ts";
import { composeMail } from "./compose-phase.ts";
import { type DemoRun, type Phase, timed } from "./demo-run.ts";
import { MailFile } from "./mail-file.ts";
import { checkGone, removeMail } from "./remove-phase.ts";
import { storeMail } from "./store-phase.ts";
import { verifyMail } from "./verify-phase.ts";

export interface DemoRequest {
  readonly messages: number;
  readonly seed: number;
  /** Undefined: the default of `openSpool`. */
  readonly shards: number | undefined;
  /** Where the spool is created. */
  readonly spoolPath: string;
  /** Where the composed messages are kept while the demo runs. */
  readonly mailPath: string;
}

export interface DemoResult {
  readonly seed: number;
  readonly shards: number;
  readonly messages: number;
  readonly bytes: number;
  readonly phases: readonly Phase[];
  readonly disk: DemoDiskUse;
}

/** In bytes. */
interface DemoDiskUse {
  /** Of the closed spool with all messages. */
  readonly full: number;
  /** Of the closed spool with half of them, after the compaction. */
  readonly compacted: number;
  /** Of the messages that are left. */
  readonly keptBytes: number;
}

/** The random stream of the shuffle: which messages are removed does not depend on what they contain. */
const REMOVAL_STREAM = -2;

/**
 * Composes mail, stores half of it written and half synced, reopens the spool and compares every byte; then removes a
 * random half, compacts, reopens the spool, and compares every byte that is left.
 *
 * Rejects with a `MismatchError` at the first phase that finds a mismatch.
 */
export async function runDemo(context: Context, request: DemoRequest): Promise<DemoResult> {
  const phases: Phase[] = [];
  const record = async (phase: Promise<Phase>): Promise<Phase> => {
    const result = await phase;
    phases.push(result);
    return result;
  };
  const open = (): Promise<RocksSpool> => {
    const { spoolPath: path, shards } = request;
    return openSpool({ path, shards, maxPendingBytes: MAX_MESSAGE_BYTES, logger: context.reporter.logger });
  };

  const mail = await MailFile.create(request.mailPath);
  let spool: RocksSpool | null = null;
  try {
    const run: DemoRun = { context, mail, random: new Random(request.seed, REMOVAL_STREAM), ids: [] };
    const { bytes } = await record(composeMail(context, mail, request.messages, request.seed));
    const half = Math.ceil(request.messages / 2);

    const first = await open();
    spool = first;
    await record(storeMail(run, first, { from: 0, to: half, reached: "written" }));
    await record(storeMail(run, first, { from: half, to: request.messages, reached: "synced" }));
    await first.shutdown();
    const full = await diskUse(request.spoolPath);

    const second = await open();
    spool = second;
    await record(verifyMail(run, second, () => true));

    const removed = run.random.shuffle([...run.ids.keys()]).slice(half);
    const isRemoved = new Set(removed);
    const removal = await record(removeMail(run, second, removed));
    await record(checkGone(run, second, removed));
    await record(compact(context, second, request.messages - removed.length, bytes - removal.bytes));
    await second.shutdown();
    const compacted = await diskUse(request.spoolPath);

    const third = await open();
    spool = third;
    const { bytes: keptBytes } = await record(verifyMail(run, third, (index) => !isRemoved.has(index)));
    return {
      seed: request.seed,
      shards: third.shards,
      messages: request.messages,
      bytes,
      phases,
      disk: { full, compacted, keptBytes },
    };
  } finally {
    await spool?.shutdown();
    await mail.close();
  }
}

function compact({ signal }: Context, spool: RocksSpool, messages: number, bytes: number): Promise<Phase> {
  return timed("compact", async () => {
    await spool.compact({ signal });
    return { messages, bytes };
  });
}
