import type { Batch, Engine, EngineEntry } from "../src/engine/engine.ts";
import type { EngineFiles, LogBytes } from "../src/engine/engine-files.ts";
import { Inbox } from "./inbox.ts";

/** A call that the test answers. */
export interface Held<Request, Answer> {
  readonly request: Request;
  succeed(answer: Answer): void;
  fail(error: Error): void;
}

/** An operation of a batch: key and value in hex, null for a remove. */
export type Operation = readonly [key: string, value: string | null];

/** An engine whose reads, writes and syncs are pending until the test answers them. */
export class FakeEngine implements Engine {
  readonly files = new FakeFiles();
  readonly writes = new Inbox<Held<readonly Operation[], void>>();
  readonly syncs = new Inbox<Held<null, void>>();
  readonly reads = new Inbox<Held<readonly string[], (Uint8Array | null | Error)[]>>();
  readonly gets = new Inbox<Held<string, Uint8Array | null>>();
  readonly pages = new Inbox<Held<{ after: string | null; limit: number }, EngineEntry[]>>();
  /** The values of `property`; 0 for all others. */
  readonly properties = new Map<string, number>();

  write(fill: (batch: Batch) => void): Promise<void> {
    const operations: Operation[] = [];
    fill({
      put: (key, value) => operations.push([hex(key), hex(value)]),
      remove: (key) => operations.push([hex(key), null]),
    });
    return held(this.writes, operations);
  }

  sync(): Promise<void> {
    return held(this.syncs, null);
  }

  get(key: Uint8Array): Promise<Uint8Array | null> {
    return held(this.gets, hex(key));
  }

  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | null | Error)[]> {
    return held(this.reads, keys.map(hex));
  }

  page(after: Uint8Array | null, limit: number): Promise<EngineEntry[]> {
    return held(this.pages, { after: after === null ? null : hex(after), limit });
  }

  async property(name: string): Promise<number> {
    return this.properties.get(name) ?? 0;
  }

  async flush(): Promise<void> {}

  async compact(): Promise<void> {}

  async close(): Promise<void> {}
}

/** Files of which none is ever missing. */
class FakeFiles implements EngineFiles {
  logs: readonly LogBytes[] = [];

  async evidence(): Promise<never> {
    throw new Error("a fake engine has no files");
  }

  async missingFiles(): Promise<string[]> {
    return [];
  }

  async restore(): Promise<void> {}

  stopRestoring(): void {}
}

function held<Request, Answer>(inbox: Inbox<Held<Request, Answer>>, request: Request): Promise<Answer> {
  return new Promise((succeed, fail) => inbox.push({ request, succeed, fail }));
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}
