import type { GroupCommit } from "../lanes/group-commit.ts";
import type { MessageStore } from "../store/message-store.ts";

/** Syncs the log and flushes the index. With `firstSegment`, also writes the mark and unlinks the segments before. */
export async function checkpoint(
  store: MessageStore,
  writes: GroupCommit,
  firstSegment: number | null = null,
): Promise<void> {
  const position = await writes.exclusive(() => store.noteApplied());
  await writes.sync();
  if (store.syncFailure !== null) throw store.syncFailure;
  if (position !== null) await store.flushIndex(position);
  if (firstSegment !== null) await store.unlinkBefore(firstSegment);
}
