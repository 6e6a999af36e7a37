import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyBytes, hex, patterned } from "../../test/bytes.ts";
import { SPOOL_ID_BYTES } from "../id-layout.ts";
import {
  FRAME_BUFFER_BYTES,
  Frame,
  FrameKind,
  frameBytesFor,
  MAX_FRAME_BYTES,
  MAX_FRAME_RECORDS,
  RECORDS_START,
  Status,
} from "./frame.ts";
import { WriteFrameReader, WriteFrameWriter, WriteOp, writeRecordBytes } from "./write-frame.ts";

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
  while (reader.next()) {
    const { op, sync, deadlineMs } = reader;
    expect(reader.data.byteLength).toBe(reader.length);
    records.push({ op, id: reader.id, data: op === WriteOp.Store ? reader.data : null, sync, deadlineMs });
  }
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
        const writer = new WriteFrameWriter(new ArrayBuffer(FRAME_BUFFER_BYTES));
        const count = fill(writer, records);
        expect(writer.length).toBe(count);
        writer.ticket = ticket;
        const reader = new WriteFrameReader(transferred(writer.finish()));
        expect(reader.kind).toBe(FrameKind.Write);
        expect(reader.count).toBe(count);
        expect(reader.ticket).toBe(ticket);
        expect(shown(recordsOf(reader))).toStrictEqual(shown(records.slice(0, count)));
        expect(reader.next()).toBe(false);
      }),
    );
  });

  it("carries ticket and status bytes back with the answer", () => {
    const anyStatus = fc.constantFrom(...Object.values(Status));
    fc.assert(
      fc.property(anyRecords, fc.nat(0xffffffff), fc.infiniteStream(anyStatus), (records, ticket, statuses) => {
        const writer = new WriteFrameWriter(new ArrayBuffer(FRAME_BUFFER_BYTES));
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
        const first = new WriteFrameWriter(new ArrayBuffer(FRAME_BUFFER_BYTES));
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
        const writer = new WriteFrameWriter(new ArrayBuffer(FRAME_BUFFER_BYTES));
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

  it("returns header byte and message as one view, and leaves the neighbouring records unchanged", () => {
    fc.assert(
      fc.property(fc.array(anyStore, { minLength: 1, maxLength: 10 }), fc.nat(255), (records, header) => {
        const writer = new WriteFrameWriter(new ArrayBuffer(FRAME_BUFFER_BYTES));
        const count = fill(writer, records);
        const buffer = writer.finish();
        const reader = new WriteFrameReader(buffer);
        const values: Uint8Array[] = [];
        while (reader.next()) values.push(reader.value(header));
        const expected = records.slice(0, count);
        expect(values.map(hex)).toStrictEqual(expected.map(({ data }) => hex(Uint8Array.of(header)) + hex(data)));
        for (const value of values) expect(value.buffer).toBe(buffer);
        expect(shown(recordsOf(new WriteFrameReader(buffer)))).toStrictEqual(shown(expected));
      }),
    );
  });
});

describe("the capacity of a frame of writes", () => {
  const id = new Uint8Array(SPOOL_ID_BYTES).fill(7);

  it("is MAX_FRAME_RECORDS records, however small they are", () => {
    const writer = new WriteFrameWriter(new ArrayBuffer(FRAME_BUFFER_BYTES));
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
    const writer = new WriteFrameWriter(new ArrayBuffer(FRAME_BUFFER_BYTES));
    const most = MAX_FRAME_BYTES - writeRecordBytes(0);
    expect(writer.fits(most)).toBe(true);
    expect(writer.fits(most + 1)).toBe(false);
    writer.append(WriteOp.Store, id, new Uint8Array(most).fill(9), true, 1);
    expect(writer.fits(0)).toBe(false);
    expect(new Frame(writer.finish()).end).toBe(FRAME_BUFFER_BYTES);
  });

  it("of a frame made for one huge message is that message", () => {
    const huge = patterned(5 * MAX_FRAME_BYTES + 3, 1);
    const writer = new WriteFrameWriter(new ArrayBuffer(frameBytesFor(writeRecordBytes(huge.byteLength))));
    expect(writer.fits(huge.byteLength)).toBe(true);
    writer.append(WriteOp.Store, id, huge, false, 0);
    expect(writer.fits(0)).toBe(false);
    const reader = new WriteFrameReader(transferred(writer.finish()));
    expect(reader.next()).toBe(true);
    expect(Buffer.compare(reader.data, huge)).toBe(0);
    expect(reader.next()).toBe(false);
  });

  it("is never less than the usual size, nor less than the record needs", () => {
    fc.assert(
      fc.property(fc.nat(8 * MAX_FRAME_BYTES), (recordBytes) => {
        const bytes = frameBytesFor(recordBytes);
        expect(bytes).toBeGreaterThanOrEqual(FRAME_BUFFER_BYTES);
        expect(bytes - RECORDS_START).toBeGreaterThanOrEqual(recordBytes);
        if (recordBytes <= MAX_FRAME_BYTES) expect(bytes).toBe(FRAME_BUFFER_BYTES);
      }),
    );
  });
});
