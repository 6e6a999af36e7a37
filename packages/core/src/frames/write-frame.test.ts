import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyBytes, hex, patterned } from "../../test/bytes.ts";
import { SPOOL_ID_BYTES } from "../id-layout.ts";
import { Frame, FrameKind, MAX_FRAME_BYTES, MAX_FRAME_RECORDS, Status } from "./frame.ts";
import {
  WRITE_FRAME_BYTES,
  WRITE_RECORD_BYTES,
  WriteFrameReader,
  WriteFrameWriter,
  WriteOp,
  writeFrameBytesFor,
} from "./write-frame.ts";

interface WriteRecord {
  readonly op: WriteOp;
  readonly id: Uint8Array;
  readonly data: Uint8Array | null;
  readonly sync: boolean;
  readonly deadlineMs: number;
}

const anyId = fc.uint8Array({ minLength: SPOOL_ID_BYTES, maxLength: SPOOL_ID_BYTES });
const anyDeadline = fc.double({ noNaN: true });
const anyMessage = anyBytes(60_000);
const anyRest = { id: anyId, sync: fc.boolean(), deadlineMs: anyDeadline };
const anyStore = fc.record({ op: fc.constant(WriteOp.Store), data: anyMessage, ...anyRest });
const anyRemove = fc.record({ op: fc.constant(WriteOp.Remove), data: fc.constant(null), ...anyRest });
const anyRecords = fc.array(fc.oneof(anyStore, anyRemove), { maxLength: 40 });

/** Appends the records that fit; returns their number. */
function fill(writer: WriteFrameWriter, records: readonly WriteRecord[]): number {
  let count = 0;
  for (const { op, id, data, sync, deadlineMs } of records) {
    if (!writer.fits(data?.byteLength ?? 0)) break;
    writer.append(op, id, data, sync, deadlineMs);
    count++;
  }
  return count;
}

function recordsOf(reader: WriteFrameReader): WriteRecord[] {
  const records: WriteRecord[] = [];
  let at = 0;
  for (let i = 0; i < reader.count; i++) {
    const op = reader.op(i);
    const end = at + reader.storedLength(i);
    const data = op === WriteOp.Store ? reader.bodies.subarray(at, end) : null;
    records.push({ op, id: reader.id(i), data, sync: reader.sync(i), deadlineMs: reader.deadlineMs(i) });
    at = end;
  }
  expect(at, "the bodies end with the last record's").toBe(reader.bodies.byteLength);
  return records;
}

/** Bytes as hex: vitest compares text much faster. */
function shown(records: readonly WriteRecord[]): object[] {
  return records.map(({ op, id, data, sync, deadlineMs }) => {
    return { op, id: hex(id), data: data === null ? null : hex(data), sync, deadlineMs };
  });
}

/** Transfers the buffer, which detaches it here, as sending it to another thread does. */
function transferred(buffer: ArrayBuffer): ArrayBuffer {
  return structuredClone(buffer, { transfer: [buffer] });
}

describe("a frame of writes", () => {
  it("holds what was put in, record for record, in order", () => {
    fc.assert(
      fc.property(anyRecords, fc.nat(0xffffffff), (records, ticket) => {
        const writer = new WriteFrameWriter(new ArrayBuffer(WRITE_FRAME_BYTES));
        const count = fill(writer, records);
        expect(writer.length).toBe(count);
        writer.ticket = ticket;
        const reader = new WriteFrameReader(transferred(writer.finish()));
        expect(reader.kind).toBe(FrameKind.Write);
        expect(reader.count).toBe(count);
        expect(reader.ticket).toBe(ticket);
        expect(shown(recordsOf(reader))).toStrictEqual(shown(records.slice(0, count)));
      }),
    );
  });

  it("carries ticket and status bytes back with the answer", () => {
    const anyStatus = fc.constantFrom(...Object.values(Status));
    fc.assert(
      fc.property(anyRecords, fc.nat(0xffffffff), fc.infiniteStream(anyStatus), (records, ticket, statuses) => {
        const writer = new WriteFrameWriter(new ArrayBuffer(WRITE_FRAME_BYTES));
        const count = fill(writer, records);
        writer.ticket = ticket;
        const reader = new WriteFrameReader(transferred(writer.finish()));
        const given = [...statuses.take(count)];
        given.forEach((status, index) => {
          expect(reader.status(index)).toBe(Status.None);
          reader.setStatus(index, status);
        });
        // Setting statuses leaves the records unchanged.
        expect(shown(recordsOf(reader))).toStrictEqual(shown(records.slice(0, count)));
        const answer = new Frame(transferred(reader.buffer));
        expect(answer.ticket).toBe(ticket);
        expect(given.map((_, index) => answer.status(index))).toStrictEqual(given);
      }),
    );
  });

  it("shows nothing of its previous records when it is reused", () => {
    fc.assert(
      fc.property(anyRecords, anyRecords, (before, after) => {
        const first = new WriteFrameWriter(new ArrayBuffer(WRITE_FRAME_BYTES));
        const written = fill(first, before);
        for (let index = 0; index < written; index++) first.setStatus(index, Status.Failed);
        const second = new WriteFrameWriter(transferred(first.finish()));
        const count = fill(second, after);
        const reader = new WriteFrameReader(second.finish());
        expect(shown(recordsOf(reader))).toStrictEqual(shown(after.slice(0, count)));
        for (let index = 0; index < count; index++) expect(reader.status(index)).toBe(Status.None);
      }),
    );
  });

  it("cancels any of its records before it is sent, and only those", () => {
    fc.assert(
      fc.property(anyRecords, fc.infiniteStream(fc.boolean()), (records, choices) => {
        const writer = new WriteFrameWriter(new ArrayBuffer(WRITE_FRAME_BYTES));
        const count = fill(writer, records);
        const cancelled = [...choices.take(count)];
        cancelled.forEach((cancels, index) => {
          if (cancels) writer.cancel(index);
        });
        const ops = recordsOf(new WriteFrameReader(writer.finish())).map(({ op }) => op);
        const expected = records.slice(0, count).map(({ op }, i) => (cancelled[i] === true ? WriteOp.Cancelled : op));
        expect(ops).toStrictEqual(expected);
      }),
    );
  });

  it("gives table and bodies as views of its buffer", () => {
    fc.assert(
      fc.property(fc.array(anyStore, { minLength: 1, maxLength: 10 }), (records) => {
        const writer = new WriteFrameWriter(new ArrayBuffer(WRITE_FRAME_BYTES));
        const count = fill(writer, records);
        const buffer = writer.finish();
        const { table, bodies } = new WriteFrameReader(buffer);
        expect([table.buffer, bodies.buffer]).toStrictEqual([buffer, buffer]);
        expect(table.byteLength).toBe(count * WRITE_RECORD_BYTES);
        expect(hex(bodies)).toBe(
          records
            .slice(0, count)
            .map(({ data }) => hex(data))
            .join(""),
        );
      }),
    );
  });

  it("has each field of a record where the log's format says", () => {
    const writer = new WriteFrameWriter(new ArrayBuffer(WRITE_FRAME_BYTES));
    writer.append(WriteOp.Remove, new Uint8Array(16).fill(1), null, false, 1);
    writer.append(WriteOp.Store, new Uint8Array(16).fill(0xab), Uint8Array.of(1, 2, 3), true, 0.5);
    const { table } = new WriteFrameReader(writer.finish());
    expect(table.toString("hex", WRITE_RECORD_BYTES)).toBe(
      `01000100${"03000000"}${"03000000"}${"00000000"}${"ab".repeat(16)}000000000000e03f`,
    );
  });

  it("takes records out of what is written on the shard's side", () => {
    const writer = new WriteFrameWriter(new ArrayBuffer(WRITE_FRAME_BYTES));
    for (let i = 0; i < 3; i++) writer.append(WriteOp.Store, new Uint8Array(16).fill(i), Uint8Array.of(i), false, i);
    const reader = new WriteFrameReader(writer.finish());
    reader.cancel(1);
    expect([0, 1, 2].map((i) => reader.op(i))).toEqual([WriteOp.Store, WriteOp.Cancelled, WriteOp.Store]);
  });
});

describe("the capacity of a frame of writes", () => {
  const id = new Uint8Array(SPOOL_ID_BYTES).fill(7);

  it("is MAX_FRAME_RECORDS records, however small they are", () => {
    const writer = new WriteFrameWriter(new ArrayBuffer(WRITE_FRAME_BYTES));
    for (let index = 0; index < MAX_FRAME_RECORDS; index++) {
      expect(writer.fits(0)).toBe(true);
      writer.append(WriteOp.Store, id, new Uint8Array(0), false, index);
    }
    expect(writer.fits(0)).toBe(false);
    const reader = new WriteFrameReader(writer.finish());
    reader.setStatus(MAX_FRAME_RECORDS - 1, Status.Synced);
    expect(recordsOf(reader).map(({ deadlineMs }) => deadlineMs)).toStrictEqual([...Array(MAX_FRAME_RECORDS).keys()]);
  });

  it("ends exactly at the end of the buffer", () => {
    const writer = new WriteFrameWriter(new ArrayBuffer(WRITE_FRAME_BYTES));
    const most = MAX_FRAME_BYTES;
    expect(writer.fits(most)).toBe(true);
    expect(writer.fits(most + 1)).toBe(false);
    writer.append(WriteOp.Store, id, new Uint8Array(most).fill(9), true, 1);
    // The table has room: a remove still fits.
    expect([writer.fits(1), writer.fits(0)]).toEqual([false, true]);
    expect(new Frame(writer.finish()).end).toBe(WRITE_FRAME_BYTES);
  });

  it("of a frame made for one huge message is that message", () => {
    const huge = patterned(5 * MAX_FRAME_BYTES + 3, 1);
    const writer = new WriteFrameWriter(new ArrayBuffer(writeFrameBytesFor(huge.byteLength)));
    expect(writer.fits(huge.byteLength)).toBe(true);
    writer.append(WriteOp.Store, id, huge, false, 0);
    expect(writer.fits(1)).toBe(false);
    const reader = new WriteFrameReader(transferred(writer.finish()));
    expect(reader.count).toBe(1);
    expect(Buffer.compare(reader.bodies, huge)).toBe(0);
  });

  it("is never less than the usual size, nor less than the message needs", () => {
    fc.assert(
      fc.property(fc.nat(8 * MAX_FRAME_BYTES), (messageBytes) => {
        const bytes = writeFrameBytesFor(messageBytes);
        expect(bytes).toBe(WRITE_FRAME_BYTES + Math.max(0, messageBytes - MAX_FRAME_BYTES));
      }),
    );
  });
});
