import { describe, expect, it } from "vitest";
import { entriesOf, nextMillisecond } from "../support/entries.ts";
import { payload } from "../support/payload.mjs";
import { openForTest, spoolKinds } from "../support/spool-kinds.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const BYTES = 32 * 1024 * 1024;

describe.each(spoolKinds)("a message of 32 MiB, $name", (kind) => {
  it.each([
    { content: "that no compressor shrinks", seed: 2 },
    { content: "that compresses", seed: 1 },
  ])("$content is synced, loaded, enumerated, there after a reopen, and removed", async ({ seed }) => {
    const path = await temporaryDirectory();
    const message = payload(seed, BYTES);
    const spool = await openForTest(kind, { path, shards: 1 });
    const id = spool.newId();
    expect(await spool.store(id, message, { forceSync: true })).toBe("synced");
    expect(Buffer.compare(await spool.load(id), message)).toBe(0);
    await spool.shutdown();

    const again = await openForTest(kind, { path });
    await nextMillisecond();
    const [entry, ...others] = await entriesOf(again);
    expect(others).toEqual([]);
    if (entry?.kind !== "item") expect.fail("it must be there as an item");
    expect(Buffer.compare(entry.data, message)).toBe(0);
    await again.remove(id);
    expect(await entriesOf(again)).toEqual([]);
  });

  it("goes with small ones beside it, which do not have to wait until it is their turn to be right", async () => {
    const spool = await openForTest(kind, { path: await temporaryDirectory(), shards: 1 });
    const large = spool.newId();
    const ids = Array.from({ length: 200 }, () => spool.newId());
    const storing = spool.store(large, payload(2, BYTES));
    await Promise.all(ids.map((id, i) => spool.store(id, payload(i, 100))));
    await storing;
    const loading = spool.load(large);
    for (const [i, id] of ids.entries()) expect(Buffer.compare(await spool.load(id), payload(i, 100))).toBe(0);
    expect(Buffer.compare(await loading, payload(2, BYTES))).toBe(0);
  });
});
