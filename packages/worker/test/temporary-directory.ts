import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A fresh directory for the test that runs, removed when it is over. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), "rockspool-worker-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Each file below `path` with its size and hash, in order: two equal listings are two equal directories. */
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
