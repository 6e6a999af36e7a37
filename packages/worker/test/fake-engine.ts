import type { Batch, Engine, EngineEntry } from "../src/engine/engine.ts";
import { Inbox } from "./inbox.ts";

/** A call that the test answers when, and how, it likes. */
export interface Held<Request, Answer> {
  readonly request: Request;
  succeed(answer: Answer): void;
  fail(error: Error): void;
}

/** What a batch was filled with: keys and values in hex, null for a remove. */
export type Operation = readonly [key: string, value: string | null];

/** An engine by hand: each call waits until the test lets it go on, and none is answered otherwise. */
export class FakeEngine implements Engine {
  readonly writes = new Inbox<Held<readonly Operation[], void>>();
  readonly syncs = new Inbox<Held<null, void>>();
  readonly reads = new Inbox<Held<readonly string[], (Uint8Array | null | Error)[]>>();
  readonly gets = new Inbox<Held<string, Uint8Array | null>>();
  readonly pages = new Inbox<Held<{ after: string | null; limit: number }, EngineEntry[]>>();
  /** What `figure` answers; 0 for all others. */
  readonly figures = new Map<string, number>();

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

  async figure(property: string): Promise<number> {
    return this.figures.get(property) ?? 0;
  }

  async flush(): Promise<void> {}

  async compact(): Promise<void> {}

  async missingFiles(): Promise<string[]> {
    return [];
  }

  async restore(): Promise<void> {}

  logs: Engine["logs"] = [];

  async evidence(): Promise<null> {
    return null;
  }

  async close(): Promise<void> {}
}

function held<Request, Answer>(inbox: Inbox<Held<Request, Answer>>, request: Request): Promise<Answer> {
  return new Promise((succeed, fail) => inbox.push({ request, succeed, fail }));
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}
