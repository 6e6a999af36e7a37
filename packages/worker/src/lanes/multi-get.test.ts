import { type ErrorRecord, MAX_FRAME_RECORDS, SpoolEngineError, Status } from "@rockspool/core";
import { describe, expect, it } from "vitest";
import { hex } from "../../test/fake-engine.ts";
import { FakeStore } from "../../test/fake-store.ts";
import { answered, key, messagesOf, readFrame } from "../../test/frames.ts";
import { Inbox, microtasks, settled } from "../../test/inbox.ts";
import type { FrameAnswer } from "../protocol/protocol.ts";
import { MultiGet } from "./multi-get.ts";

const PATH = "/spool/shard-000";

function openLane(absent: ErrorRecord | null = null) {
  const store = new FakeStore();
  const answers = new Inbox<FrameAnswer>();
  const errors: Error[] = [];
  const lane = new MultiGet({
    store,
    path: PATH,
    absent,
    answer: (answer) => answers.push(answer),
    onError: (error) => errors.push(error),
  });
  const push = (ticket: number, ...ids: readonly number[]): void => lane.push(readFrame(ticket, ...ids));
  return { lane, store, answers, errors, push };
}

function raw(...message: readonly number[]): Uint8Array {
  return Uint8Array.from(message);
}

function keys(...ids: readonly number[]): string[] {
  return ids.map((id) => hex(key(id)));
}

describe("multi-gets", () => {
  it("a single frame is read at once, and answered with the messages found", async () => {
    const { store, push, answers, errors } = openLane();
    push(5, 1, 2, 3);
    const read = await store.loads.next();
    expect(read.request).toStrictEqual(keys(1, 2, 3));
    read.succeed([raw(0xaa, 0xbb), null, raw()]);
    const answer = await answers.next();
    const statuses = [Status.Found, Status.Absent, Status.Found];
    expect(answered(answer)).toStrictEqual({ ticket: 5, statuses, errors: null });
    expect(messagesOf(answer)).toStrictEqual(["aabb", null, ""]);
    expect(errors).toStrictEqual([]);
  });

  it("frames that arrive while one is in flight share the next, and each is answered with its own messages", async () => {
    const { store, push, answers } = openLane();
    push(1, 1);
    const first = await store.loads.next();
    push(2, 2, 3);
    push(3, 2);
    push(4, 4);
    await settled();
    expect([store.loads.size, answers.size]).toStrictEqual([0, 0]);
    first.succeed([raw(1)]);
    const second = await store.loads.next();
    expect(second.request).toStrictEqual(keys(2, 3, 2, 4));
    await settled();
    expect([store.loads.size, answers.size]).toStrictEqual([0, 1]);
    second.succeed([raw(2), null, raw(2), raw(4)]);
    const all = [await answers.next(), await answers.next(), await answers.next(), await answers.next()];
    expect(all.map((answer) => [answered(answer).ticket, ...messagesOf(answer)])).toStrictEqual([
      [1, "01"],
      [2, "02", null],
      [3, "02"],
      [4, "04"],
    ]);
  });

  it("a full frame is answered in full", async () => {
    const { store, push, answers } = openLane();
    const ids = [...Array(MAX_FRAME_RECORDS).keys()];
    push(1, ...ids);
    (await store.loads.next()).succeed(ids.map((id) => raw(id, id, id)));
    expect(messagesOf(await answers.next())).toStrictEqual(ids.map((id) => hex(Uint8Array.of(id, id, id))));
  });

  it("a message of any size is answered", async () => {
    const { store, push, answers } = openLane();
    const message = new Uint8Array(3 * 1024 * 1024).fill(0x61);
    push(1, 1, 2);
    (await store.loads.next()).succeed([message, raw(9)]);
    const [large, small] = messagesOf(await answers.next());
    expect(large === hex(message)).toBe(true);
    expect(small).toBe("09");
  });
});

describe("keys that fail", () => {
  const broken = new SpoolEngineError("block checksum mismatch", { kind: "corruption", path: PATH });
  const unread = new SpoolEngineError("input/output error", { kind: "io", path: PATH });
  const record = (error: SpoolEngineError): object => {
    return { code: "SPOOL_ENGINE", message: error.message, kind: error.kind, path: PATH };
  };

  it("have an error each, which is reported; the other keys are answered", async () => {
    const { store, push, answers, errors } = openLane();
    push(1, 1, 2, 3, 4);
    (await store.loads.next()).succeed([raw(1), broken, null, unread]);
    const answer = await answers.next();
    expect(answered(answer)).toMatchObject({
      statuses: [Status.Found, Status.Failed, Status.Absent, Status.Failed],
      errors: [null, record(broken), null, record(unread)],
    });
    expect(messagesOf(answer)).toStrictEqual(["01", null, null, null]);
    expect(errors).toStrictEqual([broken, unread]);
  });

  it("fail no other frame of the same multi-get", async () => {
    const { store, push, answers } = openLane();
    push(1, 1);
    const first = await store.loads.next();
    push(2, 2);
    push(3, 3);
    first.succeed([null]);
    (await store.loads.next()).succeed([broken, raw(3)]);
    expect(answered(await answers.next())).toStrictEqual({ ticket: 1, statuses: [Status.Absent], errors: null });
    expect(answered(await answers.next())).toMatchObject({ ticket: 2, errors: [record(broken)] });
    expect(answered(await answers.next())).toStrictEqual({ ticket: 3, statuses: [Status.Found], errors: null });
  });

  it("on a shard with a loss say that messages are lost instead of not found", async () => {
    const absent: ErrorRecord = {
      code: "SPOOL_ENGINE",
      message: "not found, and messages of this shard are lost",
      kind: "corruption",
      path: PATH,
      cause: null,
    };
    const { store, push, answers, errors } = openLane(absent);
    push(1, 1, 2);
    (await store.loads.next()).succeed([null, raw(2)]);
    const answer = await answers.next();
    const statuses = [Status.Failed, Status.Found];
    expect(answered(answer)).toStrictEqual({ ticket: 1, statuses, errors: [absent, null] });
    expect(messagesOf(answer)).toStrictEqual([null, "02"]);
    expect(errors).toStrictEqual([]);
  });
});

describe("idle()", () => {
  it("waits for the multi-get in flight and for the frames that arrived meanwhile", async () => {
    const { lane, store, push, answers } = openLane();
    await lane.idle();
    push(1, 1);
    const first = await store.loads.next();
    push(2, 2);
    let idle = false;
    const waiting = lane.idle().then(() => {
      idle = true;
    });
    first.succeed([null]);
    const second = await store.loads.next();
    await settled();
    expect([idle, answers.size]).toStrictEqual([false, 1]);
    second.succeed([null]);
    await waiting;
    expect(answers.size).toBe(2);
  });

  it("a frame pushed just as the lane becomes idle is read too", async () => {
    for (let steps = 0; steps < 12; steps++) {
      const { lane, store, push, answers } = openLane();
      push(1, 1);
      (await store.loads.next()).succeed([null]);
      if (steps > 0) await microtasks(steps);
      push(2, 2);
      await settled();
      expect(store.loads.size, `${steps} steps later`).toBe(1);
      (await store.loads.next()).succeed([null]);
      await lane.idle();
      expect(answers.size).toBe(2);
    }
  });
});
