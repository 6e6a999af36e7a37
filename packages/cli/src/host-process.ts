import type { Readable, Writable } from "node:stream";

/** A stream that may be a terminal. */
export interface OutputStream extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** The parts of `process` that the command line uses. A test passes streams and a source of signals of its own. */
export interface HostProcess {
  /** Read only by commands that were given `-`: the first access to `process.stdin` opens it. */
  readonly stdin: Readable;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  once(signal: NodeJS.Signals, listener: () => void): unknown;
}
