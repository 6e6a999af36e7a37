import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RocksSpool, SpoolEngineError, type SpoolEntry, SpoolId } from "rockspool";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Random } from "../compose/random.ts";
import type { Context } from "../context.ts";
import type { Progress } from "../terminal/progress.ts";
import type { DemoRun } from "./demo-run.ts";
import { MailFile } from "./mail-file.ts";
import { verifyMail } from "./verify-phase.ts";

const NO_PROGRESS: Progress = { add: () => {}, set: () => {}, say: () => {}, stop: () => {} };
const MESSAGES = ["zero", "one", "two"].map((text) => Buffer.from(text));

let folder: string;
let mail: MailFile;
let run: DemoRun;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rockspool-verify-"));
  mail = await MailFile.create(join(folder, "messages"));
  await mail.append(
    Buffer.concat(MESSAGES),
    MESSAGES.map(({ length }) => length),
  );
  const context = { signal: new AbortController().signal, progress: () => NO_PROGRESS } as unknown as Context;
  run = { context, mail, random: new Random(1), ids: MESSAGES.map(() => SpoolId.generate()) };
});
afterEach(async () => {
  await mail.close();
  await rm(folder, { recursive: true, force: true });
});

const idOf = (index: number) => run.ids[index] as SpoolId;
const item = (index: number, data = MESSAGES[index] as Buffer): SpoolEntry => ({ kind: "item", id: idOf(index), data });

function verify(entries: SpoolEntry[], expected: (index: number) => boolean = () => true) {
  const spool = {
    async *enumerate() {
      yield* entries;
    },
  } as unknown as RocksSpool;
  return verifyMail(run, spool, expected);
}

describe("the demo's comparison", () => {
  it("accepts the stored messages in any order", async () => {
    expect(await verify([item(2), item(0), item(1)])).toMatchObject({ messages: 3, bytes: 10 });
  });

  it("finds a missing message", async () => {
    await expect(verify([item(0), item(2)])).rejects.toThrow(`1 message missing (${idOf(1)})`);
  });

  it("finds a message that should have been removed", async () => {
    await expect(verify([item(0), item(1), item(2)], (index) => index !== 1)).rejects.toThrow(
      `1 message extra (${idOf(1)})`,
    );
  });

  it("finds a message that was never stored", async () => {
    const stranger = SpoolId.generate();
    const entry: SpoolEntry = { kind: "item", id: stranger, data: Buffer.from("x") };
    await expect(verify([item(0), item(1), item(2), entry])).rejects.toThrow(`1 message extra (${stranger})`);
  });

  it("finds a byte that differs, and a truncated message", async () => {
    const changed = verify([item(0), item(1, Buffer.from("onE")), item(2, Buffer.from("tw"))]);
    await expect(changed).rejects.toThrow(`2 messages different (${idOf(1)})`);
  });

  it("finds a message that is listed twice, and a corrupt one", async () => {
    const error = new SpoolEngineError("bad", { kind: "corruption", path: "shard-000" });
    const corrupt: SpoolEntry = { kind: "corrupt", id: idOf(2), key: idOf(2).toString(), error };
    await expect(verify([item(0), item(1), item(1), corrupt])).rejects.toThrow(
      `1 message there twice (${idOf(1)}), 1 message corrupt (${idOf(2)}), 1 message missing (${idOf(2)})`,
    );
  });
});
