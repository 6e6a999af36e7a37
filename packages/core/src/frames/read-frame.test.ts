import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyBytes, hex, patterned } from "../../test/bytes.ts";
import { SPOOL_ID_BYTES } from "../id-layout.ts";
import { Frame, FrameKind, MAX_FRAME_RECORDS, RECORDS_START, Status } from "./frame.ts";
import { READ_FRAME_BYTES, ReadAnswer, ReadFrameReader, ReadFrameWriter } from "./read-frame.ts";

const anyId = fc.uint8Array({ minLength: SPOOL_ID_BYTES, maxLength: SPOOL_ID_BYTES });
/** Null has no message: not found, or failed. */
const anyAnswer = fc.oneof(anyBytes(2_000), fc.constant(null));
const anyAnswers = fc.array(fc.tuple(anyId, anyAnswer), { maxLength: MAX_FRAME_RECORDS, size: "max" });

function frameOf(ids: readonly Uint8Array[], bytes = READ_FRAME_BYTES): ReadFrameWriter {
  const writer = new ReadFrameWriter(new ArrayBuffer(bytes));
  for (const id of ids) {
    expect(writer.fits()).toBe(true);
    writer.append(id);
  }
  return writer;
}

function statusOf(message: Uint8Array | null): Status {
  return message === null ? Status.Absent : Status.Found;
}

/** Takes the messages as the main thread does: one for each status `Found`. */
function messagesOf(answer: ReadAnswer): (string | null)[] {
  return Array.from({ length: answer.count }, (_, index) =>
    answer.status(index) === Status.Found ? hex(answer.take()) : null,
  );
}

describe("a frame of reads", () => {
  it("holds the ids that were put in, and its ticket", () => {
    fc.assert(
      fc.property(fc.array(anyId, { maxLength: MAX_FRAME_RECORDS }), fc.nat(0xffffffff), (ids, ticket) => {
        const writer = frameOf(ids);
        writer.ticket = ticket;
        const reader = new ReadFrameReader(writer.finish());
        expect(reader.kind).toBe(FrameKind.Read);
        expect(reader.ticket).toBe(ticket);
        expect(reader.count).toBe(ids.length);
        expect(ids.map((_, index) => hex(reader.id(index)))).toStrictEqual(ids.map(hex));
      }),
    );
  });

  it("takes as many ids as it has status bytes, and no more", () => {
    const ids = Array.from({ length: MAX_FRAME_RECORDS }, (_, index) => new Uint8Array(SPOOL_ID_BYTES).fill(index));
    const writer = frameOf(ids);
    expect(writer.fits()).toBe(false);
    expect(writer.length).toBe(MAX_FRAME_RECORDS);
  });

  it("is answered with the messages, in the order of the ids, under the same ticket", () => {
    fc.assert(
      fc.property(anyAnswers, fc.nat(0xffffffff), (answers, ticket) => {
        const writer = frameOf(answers.map(([id]) => id));
        writer.ticket = ticket;
        const messages = answers.map(([, message]) => message);
        const reader = new ReadFrameReader(writer.finish());
        const answer = new ReadAnswer(reader.answer(messages.map(statusOf), messages));
        expect(answer.kind).toBe(FrameKind.Read);
        expect(answer.ticket).toBe(ticket);
        expect(messagesOf(answer)).toStrictEqual(messages.map((message) => message && hex(message)));
      }),
    );
  });

  it("keeps every status, also those without a message", () => {
    const statuses = [Status.Absent, Status.Failed, Status.Found, Status.Absent];
    const writer = frameOf(statuses.map((status) => new Uint8Array(SPOOL_ID_BYTES).fill(status)));
    const messages = [null, null, Uint8Array.of(1, 2, 3), null];
    const answer = new ReadAnswer(new ReadFrameReader(writer.finish()).answer(statuses, messages));
    expect(statuses.map((_, index) => answer.status(index))).toStrictEqual(statuses);
    expect(answer.take()).toStrictEqual(Uint8Array.of(1, 2, 3));
  });
});

describe("the buffer of an answer", () => {
  const LENGTH_BYTES = 4;
  const id = new Uint8Array(SPOOL_ID_BYTES).fill(1);

  function answerTo(messageBytes: number): { sent: ArrayBuffer; answered: ArrayBuffer } {
    const writer = frameOf([id]);
    writer.ticket = 4_000_000_000;
    const sent = writer.finish();
    return { sent, answered: new ReadFrameReader(sent).answer([Status.Found], [patterned(messageBytes, 5)]) };
  }

  it("is the frame's own if the answer fits, to the byte", () => {
    const { sent, answered } = answerTo(READ_FRAME_BYTES - RECORDS_START - LENGTH_BYTES);
    expect(answered).toBe(sent);
  });

  it("is a new one, just large enough, if the answer does not fit", () => {
    const messageBytes = READ_FRAME_BYTES - RECORDS_START - LENGTH_BYTES + 1;
    const { sent, answered } = answerTo(messageBytes);
    expect(answered).not.toBe(sent);
    expect(answered.byteLength).toBe(READ_FRAME_BYTES + 1);
    const answer = new ReadAnswer(answered);
    expect([answer.kind, answer.count, answer.ticket]).toStrictEqual([FrameKind.Read, 1, 4_000_000_000]);
    expect(answer.end).toBe(answered.byteLength);
    expect(hex(answer.take())).toBe(hex(patterned(messageBytes, 5)));
  });

  it("may be huge", () => {
    const { answered } = answerTo(32 * 1024 * 1024);
    expect(Buffer.compare(new ReadAnswer(answered).take(), patterned(32 * 1024 * 1024, 5))).toBe(0);
  });

  it("is reused while messages are kept: they are copies", () => {
    const { answered } = answerTo(10);
    const message = new ReadAnswer(answered).take();
    expect(message.buffer).not.toBe(answered);
    expect(message.buffer.byteLength).toBe(10);
    new Frame(answered).bytes.fill(0xff);
    expect(message).toStrictEqual(patterned(10, 5));
  });

  it("can be filled with ids again, whatever its size", () => {
    const { answered } = answerTo(READ_FRAME_BYTES);
    const ids = [new Uint8Array(SPOOL_ID_BYTES).fill(8), new Uint8Array(SPOOL_ID_BYTES).fill(9)];
    const writer = new ReadFrameWriter(answered);
    for (const next of ids) writer.append(next);
    const reader = new ReadFrameReader(writer.finish());
    expect(reader.count).toBe(2);
    expect([reader.id(0), reader.id(1)]).toStrictEqual(ids);
    expect([reader.status(0), reader.status(1)]).toStrictEqual([Status.None, Status.None]);
  });
});
