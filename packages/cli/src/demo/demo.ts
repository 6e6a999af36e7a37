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
  /** Undefined: as `openSpool` has it. */
  readonly shards: number | undefined;
  /** Where the spool is made. */
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
  readonly disk: DiskFigures;
}

export interface DiskFigures {
  /** With all messages, after the spool was closed. */
  readonly full: number;
  /** With half of them, after the compaction and another close. */
  readonly compacted: number;
  /** Bytes of the messages that were left. */
  readonly keptBytes: number;
}

/** A shuffle of its own: which messages are removed does not hang on how they were composed. */
const REMOVAL_STREAM = -2;

/**
 * A spool's life: composed mail is stored, half of it synced; the spool is closed and opened again, and every byte compared; a
 * random half is removed, the rest compacted, and after another close and open every byte that is left is compared again.
 *
 * Rejects with a `MismatchError` as soon as something is not what it should be.
 */
export async function runDemo(context: Context, request: DemoRequest): Promise<DemoResult> {
  const phases: Phase[] = [];
  const does = async (phase: Promise<Phase>): Promise<Phase> => {
    const done = await phase;
    phases.push(done);
    return done;
  };
  const open = (): Promise<RocksSpool> => {
    const { spoolPath: path, shards } = request;
    return openSpool({ path, shards, maxPendingBytes: MAX_MESSAGE_BYTES, logger: context.reporter.logger });
  };

  const mail = await MailFile.create(request.mailPath);
  let spool: RocksSpool | null = null;
  try {
    const run: DemoRun = { context, mail, random: new Random(request.seed, REMOVAL_STREAM), ids: [] };
    const { bytes } = await does(composeMail(context, mail, request.messages, request.seed));
    const half = Math.ceil(request.messages / 2);

    const first = await open();
    spool = first;
    await does(storeMail(run, first, { from: 0, to: half, reached: "written" }));
    await does(storeMail(run, first, { from: half, to: request.messages, reached: "synced" }));
    await first.shutdown();
    const full = await diskUse(request.spoolPath);

    const second = await open();
    spool = second;
    await does(verifyMail(run, second, () => true));

    const removed = run.random.shuffle([...run.ids.keys()]).slice(half);
    const isRemoved = new Set(removed);
    const removal = await does(removeMail(run, second, removed));
    await does(checkGone(run, second, removed));
    await does(compact(context, second, request.messages - removed.length, bytes - removal.bytes));
    await second.shutdown();
    const compacted = await diskUse(request.spoolPath);

    const third = await open();
    spool = third;
    const { bytes: keptBytes } = await does(verifyMail(run, third, (index) => !isRemoved.has(index)));
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
