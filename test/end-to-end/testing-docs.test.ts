import { readFile } from "node:fs/promises";
import { SpoolId } from "rockspool";
import { openFaultySpool } from "rockspool/testing";
import { expect, it } from "vitest";
import { shardOf } from "../support/shard-files.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const AsyncFunction = (async () => {}).constructor as new (
  ...source: string[]
) => (...given: unknown[]) => Promise<void>;

/** What the page says it prints stands behind each call, up to a colon that begins an explanation. */
function promised(source: string): string[] {
  return [...source.matchAll(/console\.log\(.*\); \/\/ ([^:\n]*)/g)].map((match) => match[1] as string);
}

it("docs/testing.md: its examples run, and print what they say", async () => {
  const page = await readFile(new URL("../../docs/testing.md", import.meta.url), "utf8");
  const examples = [...page.matchAll(/```ts\n(.*?)```/gs)].map((match) => match[1] as string);
  expect(examples).toHaveLength(2);
  const [whole = "", part = ""] = examples.map((source) => source.replace(/^import .*$/m, ""));
  // The second goes on where the first has not shut down yet.
  const source = whole.replace("await spool.shutdown();", `${part}\nawait spool.shutdown();`);
  const printed: string[] = [];
  const given = {
    openFaultySpool,
    path: await temporaryDirectory(),
    bytes: Uint8Array.of(1, 2, 3),
    console: { log: (...words: unknown[]) => printed.push(words.map(String).join(" ")) },
    idOnShard: (spool: { shards: number }, index: number) => {
      for (;;) {
        const id = SpoolId.generate();
        if (shardOf(id, spool.shards) === index) return id;
      }
    },
  };
  await new AsyncFunction(...Object.keys(given), source)(...Object.values(given));
  expect(printed).toEqual(promised(source));
});
