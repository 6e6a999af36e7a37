import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A new directory, removed when the current test has finished. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), "rockspool-worker-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Each file below `path` with its size and hash, sorted. Equal listings mean equal directories. */
export function listing(path: string): string[] {
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => {
      const file = join(path, name);
      if (statSync(file).isDirectory()) return `${name}/`;
      const content = readFileSync(file);
      return `${name} ${content.byteLength} ${createHash("sha256").update(content).digest("hex")}`;
    });
}
