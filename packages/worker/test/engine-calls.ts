import { expect } from "vitest";
import type { Engine } from "../src/engine/engine.ts";

/** Calls to an engine with keys and values as text. */

export function bytes(value: string): Buffer {
  return Buffer.from(value);
}

export function hex(value: Uint8Array): string {
  return Buffer.from(value).toString("hex");
}

export function text(value: Uint8Array | null | Error | undefined): string | null {
  if (value === null) return null;
  expect(value).toBeInstanceOf(Uint8Array);
  return Buffer.from(value as Uint8Array).toString();
}

export function put(engine: Engine, entries: Readonly<Record<string, string>>): Promise<void> {
  return engine.write((batch) => {
    for (const [key, value] of Object.entries(entries)) batch.put(bytes(key), bytes(value));
  });
}

export async function many(engine: Engine, ...keys: readonly string[]): Promise<(string | null)[]> {
  return (await engine.getMany(keys.map(bytes))).map(text);
}

export async function page(engine: Engine, after: string | null, limit: number): Promise<string[]> {
  const entries = await engine.page(after === null ? null : bytes(after), limit);
  return entries.map(({ key, value }) => `${text(key)}=${text(value)}`);
}

export function all(engine: Engine): Promise<string[]> {
  return page(engine, null, 100_000);
}
