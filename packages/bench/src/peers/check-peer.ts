import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { indexOf, keyOf } from "../load/keys.ts";
import type { OpenPeer, PeerOptions } from "./peer.ts";

const MESSAGES = 200;
const REMOVED_EVERY = 4;
const REPLACED_EVERY = 10;
const LARGE_BYTES = 1024 * 1024;

/**
 * Checks that a peer works before it is measured: it stores, replaces and removes messages, has them after it is
 * reopened, and enumerates each once. Rejects with an `AssertionError` if it does not.
 */
export async function checkPeer(openPeer: OpenPeer, options: PeerOptions): Promise<void> {
  const expected = new Map<number, Buffer>();
  let peer = await openPeer(options);
  try {
    const store = async (index: number, data: Buffer): Promise<void> => {
      expected.set(index, data);
      await peer.store(keyOf(index), data);
    };
    const indexes = Array.from({ length: MESSAGES }, (_, index) => index);
    await Promise.all(indexes.map((index) => store(index, randomBytes(1 + index))));
    await store(MESSAGES, randomBytes(LARGE_BYTES));
    await Promise.all(
      indexes.filter((index) => index % REPLACED_EVERY === 0).map((index) => store(index, randomBytes(99))),
    );
    const removed = indexes.filter((index) => index % REMOVED_EVERY === 1);
    await Promise.all(removed.map((index) => peer.remove(keyOf(index))));
    for (const index of removed) expected.delete(index);
    await peer.remove(keyOf(MESSAGES + 1));
    await peer.settle();
    await peer.close();

    peer = await openPeer(options);
    await Promise.all(
      [...expected].map(async ([index, data]) => {
        const found = await peer.load(keyOf(index));
        assert.ok(found !== null && data.equals(found), `message ${index} came back changed`);
      }),
    );
    assert.equal(await peer.load(keyOf(1)), null, "a removed message came back");
    const seen = new Set<number>();
    await peer.enumerate((key, value) => {
      const index = indexOf(key);
      assert.ok(expected.get(index)?.equals(value), `message ${index} is not what was stored`);
      assert.ok(!seen.has(index), `message ${index} was visited twice`);
      seen.add(index);
    });
    assert.equal(seen.size, expected.size, "messages were not enumerated");
  } finally {
    await peer.close();
  }
}
