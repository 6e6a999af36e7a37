import { SpoolConfigError } from "./errors.ts";
import { deriveBytes, generateBytes } from "./id-generator.ts";
import { compareByAge, createdMsOf, flawOf, SPOOL_ID_BYTES } from "./id-layout.ts";
import { bytesOfPath, bytesOfText, hexOf, pathOfText } from "./id-text.ts";

export { SPOOL_ID_BYTES };

const TEXT_ALLOWED = "must be 32 hex digits, or the dashed form of a UUID (8-4-4-4-12)";
const PATH_ALLOWED = "must be a path that ends in a1/a2/a3/a4/rest: 2, 2, 2, 2 and 24 hex digits";

/**
 * The id of a message: a version-1 UUID, 16 bytes big-endian, printed as 32 lower-case hex digits. It contains the time
 * when it was made; ids of one thread ascend in the order in which they were made. Immutable.
 *
 * Functions that read an id throw a `SpoolConfigError` with the field `id` if the input is not one.
 */
export class SpoolId {
  /** The 16 bytes themselves, for reading on hot paths. Never write to them; `toBytes` returns a copy. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  #text: string | null = null;

  private constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.bytes = bytes;
  }

  /** A new id, later than all before it in this thread and distinct from those of other threads. Takes about 140 ns. */
  static generate(): SpoolId {
    return new SpoolId(generateBytes());
  }

  /** Parses 32 hex digits, or the dashed form (8-4-4-4-12), in upper or lower case. */
  static parse(text: string): SpoolId {
    return new SpoolId(checked(typeof text === "string" ? bytesOfText(text) : null, text, TEXT_ALLOWED));
  }

  /** Copies the 16 bytes of a version-1 UUID. */
  static fromBytes(bytes: Uint8Array): SpoolId {
    if (!(bytes instanceof Uint8Array)) throw new SpoolConfigError("id", bytes, "must be a Uint8Array of 16 bytes");
    const flaw = flawOf(bytes);
    if (flaw !== null) throw new SpoolConfigError("id", bytes.length === SPOOL_ID_BYTES ? hexOf(bytes) : bytes, flaw);
    return new SpoolId(new Uint8Array(bytes));
  }

  /** Like `fromBytes`, but null instead of an error: cheap where foreign keys are expected, as in an enumeration. */
  static tryFromBytes(bytes: Uint8Array): SpoolId | null {
    return flawOf(bytes) === null ? new SpoolId(new Uint8Array(bytes)) : null;
  }

  /** Returns an id unchanged, and parses text as `parse` does. */
  static from(value: SpoolId | string): SpoolId {
    if (value instanceof SpoolId) return value;
    if (typeof value === "string") return SpoolId.parse(value);
    throw new SpoolConfigError("id", value, "must be a SpoolId or its text");
  }

  /** Parses the last five parts of a path that `toPath` made. They may be separated by slashes or backslashes. */
  static fromPath(path: string): SpoolId {
    return new SpoolId(checked(typeof path === "string" ? bytesOfPath(path) : null, path, PATH_ALLOWED));
  }

  /** For `Array.prototype.sort`: the oldest first, to 100 ns, then by the remaining bytes. */
  static compare(a: SpoolId, b: SpoolId): number {
    return compareByAge(a.bytes, b.bytes);
  }

  /** A copy of the 16 bytes, big-endian. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.bytes);
  }

  /** 32 lower-case hex digits. Computed at the first call and kept. */
  toString(): string {
    this.#text ??= hexOf(this.bytes);
    return this.#text;
  }

  /** The same text as `toString`. */
  toJSON(): string {
    return this.toString();
  }

  /** When the id was made, to the millisecond. */
  get created(): Date {
    return new Date(this.createdMs);
  }

  /** When the id was made, in whole milliseconds since the Unix epoch. */
  get createdMs(): number {
    return createdMsOf(this.bytes);
  }

  /** Milliseconds since the id was made, at `now` (a `Date` or epoch milliseconds). Negative if it was made later. */
  age(now: Date | number): number {
    return Number(now) - this.createdMs;
  }

  equals(other: SpoolId): boolean {
    for (let at = 0; at < SPOOL_ID_BYTES; at++) if (this.bytes[at] !== other.bytes[at]) return false;
    return true;
  }

  /** Another id with the same time and a random rest, for a message that is made from this one. */
  deriveWithClonedTimestamp(): SpoolId {
    return new SpoolId(deriveBytes(this.bytes));
  }

  /**
   * `<dir>/a1/a2/a3/a4/rest`: four directories of one byte each, and a file name of twelve bytes. `dir` may be empty.
   */
  toPath(dir: string): string {
    const path = pathOfText(this.toString());
    return dir === "" || dir.endsWith("/") ? dir + path : `${dir}/${path}`;
  }

  /** What `console.log` shows in Node. The symbol is taken from the registry, so node:util is not imported. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `SpoolId(${this.toString()})`;
  }
}

/** `bytes`, unless they are null or no id. */
function checked(bytes: Uint8Array<ArrayBuffer> | null, given: unknown, allowed: string): Uint8Array<ArrayBuffer> {
  if (bytes === null) throw new SpoolConfigError("id", given, allowed);
  const flaw = flawOf(bytes);
  if (flaw !== null) throw new SpoolConfigError("id", given, flaw);
  return bytes;
}
