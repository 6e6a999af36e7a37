import { crc32 } from "node:zlib";
import type { SpoolId } from "rockspool";
import type { FileEncoding } from "../mail/file-target.ts";
import {
  CRC_BYTES,
  HEAD_BYTES,
  ID_BYTES,
  MESSAGE_HEADER_BYTES,
  RecordType,
  STREAM_MAGIC,
  STREAM_VERSION,
  sealed,
  TAIL_BYTES,
  TYPE_BYTES,
} from "./stream-format.ts";

/** Encodes one stream: `head`, `entry` for each message, `tail`. */
export class StreamEncoding implements FileEncoding {
  #messages = 0;
  #bytes = 0;

  head(): Uint8Array[] {
    const head = Buffer.alloc(HEAD_BYTES);
    head.write(STREAM_MAGIC, "latin1");
    head.writeUInt32LE(STREAM_VERSION, STREAM_MAGIC.length);
    return [sealed(head)];
  }

  entry(id: SpoolId, data: Uint8Array): Uint8Array[] {
    this.#messages++;
    this.#bytes += data.byteLength;
    const header = Buffer.alloc(TYPE_BYTES + MESSAGE_HEADER_BYTES);
    header[0] = RecordType.Message;
    header.set(id.toBytes(), TYPE_BYTES);
    header.writeUInt32LE(data.byteLength, TYPE_BYTES + ID_BYTES);
    const crc = Buffer.alloc(CRC_BYTES);
    crc.writeUInt32LE(crc32(data));
    return [sealed(header), data, crc];
  }

  tail(): Uint8Array[] {
    const tail = Buffer.alloc(TYPE_BYTES + TAIL_BYTES);
    tail[0] = RecordType.End;
    tail.writeBigUInt64LE(BigInt(this.#messages), TYPE_BYTES);
    tail.writeBigUInt64LE(BigInt(this.#bytes), TYPE_BYTES + 8);
    return [sealed(tail)];
  }
}
