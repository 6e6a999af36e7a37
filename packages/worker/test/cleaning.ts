import { openEngine } from "../src/engine/memory-engine.ts";
import { Cleaner } from "../src/store/cleaner.ts";
import type { MessageStore } from "../src/store/message-store.ts";
import { replay } from "../src/store/replay.ts";
import { engineOptions } from "./engine-options.ts";
import { checkpoint, IDENTITY, placesIn } from "./test-shard.ts";

/** A cleaner as a shard has it, where no frame waits. `before` runs before each group of moves. */
export function cleanerOf(store: MessageStore, before: () => Promise<void> = async () => {}) {
  const errors: Error[] = [];
  const cleaner = new Cleaner({
    store,
    exclusive: async (work) => {
      await before();
      return work();
    },
    checkpoint: (firstSegment) => checkpoint(store, firstSegment),
    onError: (error) => errors.push(error),
  });
  return { cleaner, errors };
}

/** What an index made from the log would hold, as `placesIn` gives it. */
export async function fold({ log, holes }: MessageStore): Promise<Map<string, object | null>> {
  const index = await openEngine("", engineOptions("create"));
  const from = { segment: 0, offset: 0 };
  await replay({
    directory: log.directory,
    identity: IDENTITY,
    log: { segments: log.segments, holes },
    from,
    index,
  });
  return placesIn({ index });
}
