/**
 * Runs the built command in the test's own process, with streams and signals of its own. The built one, because its
 * worker threads are loaded from dist too: there is one copy of each module.
 */
import { EventEmitter } from "node:events";
import { Readable, Writable } from "node:stream";
import { register } from "prom-client";
import { expect } from "vitest";
import type { ExitCode } from "../dist/exit-code.js";
import type { HostProcess } from "../dist/host-process.js";
import { run } from "../dist/program.js";

export interface Finished<Code = ExitCode> {
  readonly code: Code;
  readonly stdout: Buffer;
  readonly stderr: string;
  /** stdout as lines. */
  readonly lines: string[];
}

export interface RunningCommand {
  readonly finished: Promise<Finished>;
  /** What a signal to the process does. */
  signal(name: "SIGINT" | "SIGTERM"): void;
}

const CHUNK_BYTES = 64 * 1024;

export function start(args: readonly string[], stdin: string | Uint8Array = ""): RunningCommand {
  const signals = new EventEmitter();
  const stdout = new Collector();
  const stderr = new Collector();
  const host: HostProcess = {
    stdin: Readable.from(chunksOf(Buffer.from(stdin)), { objectMode: false }),
    stdout,
    stderr,
    once: (name, listener) => signals.once(name, listener),
  };
  const finish = async (): Promise<Finished> => {
    const exitCode = process.exitCode;
    const code = await run(args, host);
    // A command leaves nothing behind in its process: main.ts sets the exit code, and the metrics of a spool in
    // prom-client's global registry end when it is closed.
    expect([process.exitCode, register.getMetricsAsArray()]).toEqual([exitCode, []]);
    const text = stdout.bytes.toString();
    return { code, stdout: stdout.bytes, stderr: stderr.bytes.toString(), lines: text.split("\n").filter(Boolean) };
  };
  return { finished: finish(), signal: (name) => signals.emit(name) };
}

export function rockspool(args: readonly string[], stdin: string | Uint8Array = ""): Promise<Finished> {
  return start(args, stdin).finished;
}

function* chunksOf(data: Buffer): Generator<Buffer> {
  for (let at = 0; at < data.length; at += CHUNK_BYTES) yield data.subarray(at, at + CHUNK_BYTES);
}

class Collector extends Writable {
  readonly #chunks: Buffer[] = [];

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#chunks.push(Buffer.from(chunk));
    done();
  }
}
