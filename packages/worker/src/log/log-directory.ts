import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, statSync } from "node:fs";
import { segmentNumber, segmentPath } from "./segment-file.ts";

/** The segments in the directory with their sizes, oldest first. */
export function listSegments(directory: string): { readonly segment: number; readonly bytes: number }[] {
  return readdirSync(directory)
    .flatMap((name) => segmentNumber(name) ?? [])
    .sort((a, b) => a - b)
    .map((segment) => ({ segment, bytes: statSync(segmentPath(directory, segment)).size }));
}

/** Makes the directory and syncs its name. */
export function makeLogDirectory(directory: string, parent: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  const descriptor = openSync(parent, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
