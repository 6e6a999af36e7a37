import type { Batch, Engine, EngineEntry } from "../src/engine/engine.ts";
import { Inbox } from "./inbox.ts";

/** A call that the test answers. */
export interface Held<Request, Answer> {
  readonly request: Request;
  succeed(answer: Answer): void;
  fail(error: Error): void;
}

/** An operation of a batch: key and value in hex, null for a remove. */
export type Operation = readonly [key: string, value: string | null];

/** An index whose reads and writes are pending until the test answers them. */
export class FakeEngine implements Engine {
  readonly path = "/spool/shard-000";
  readonly writes = new Inbox<Held<readonly Operation[], void>>();
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

  /** None: an enumeration reads pages. */
  async tables(): Promise<null> {
    return null;
  }

  async flush(): Promise<void> {}

  async compact(): Promise<void> {}

  async missingFiles(): Promise<string[]> {
    return [];
  }

  async close(): Promise<void> {}
}

export function held<Request, Answer>(inbox: Inbox<Held<Request, Answer>>, request: Request): Promise<Answer> {
  return new Promise((succeed, fail) => inbox.push({ request, succeed, fail }));
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}
