import { type Spool, SpoolId } from "rockspool";
import { describe, expect, it } from "vitest";
import { nextMillisecond } from "../support/entries.ts";
import { rejection } from "../support/rejection.ts";
import { openForTest, spoolKinds } from "../support/spool-kinds.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

/** KumoMTA's own test (`rocks_spool` in rocks.rs), step by step and with its messages. */
describe.each(spoolKinds)("KumoMTA's test, $name", (kind) => {
  it("rocks_spool", async () => {
    const spool: Spool = await openForTest(kind, { path: await temporaryDirectory() });

    {
      const id1 = SpoolId.generate();

      // Can't load an entry that doesn't exist
      expect((await rejection(spool.load(id1))).message).toBe(`no such key ${id1}`);
    }

    // Insert some entries
    const ids: SpoolId[] = [];
    for (let i = 0; i < 100; i++) {
      const id = SpoolId.generate();
      await spool.store(id, Buffer.from(`I am ${i}`));
      ids.push(id);
    }

    // Verify that we can load those entries
    for (const [i, id] of ids.entries()) {
      expect(Buffer.from(await spool.load(id)).toString()).toBe(`I am ${i}`);
    }

    {
      // Verify that we can enumerate them
      await nextMillisecond();
      let count = 0;
      for await (const item of spool.enumerate()) {
        if (item.kind === "corrupt") expect.fail(`Corrupt: ${item.id}: ${item.error}`);
        const { id, data } = item;
        const i = ids.findIndex((one) => one.equals(id));
        expect(i, `${id} not found in ids!`).toBeGreaterThanOrEqual(0);
        expect(Buffer.from(data).toString()).toBe(`I am ${i}`);

        await spool.remove(id);
        // Can't load an entry that we just removed
        expect((await rejection(spool.load(id))).message).toBe(`no such key ${id}`);
        count += 1;
      }
      expect(count).toBe(100);
    }

    // Now that we've removed the files, try enumerating again.
    // We expect to receive no entries.
    // Do it a couple of times to verify that none of the cleanup
    // stuff that happens in enumerate breaks the directory
    // structure
    for (let round = 0; round < 2; round++) {
      const unexpected: (SpoolId | null)[] = [];
      for await (const { id } of spool.enumerate()) unexpected.push(id);
      expect(unexpected).toHaveLength(0);
    }
  });
});
