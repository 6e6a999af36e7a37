import { describe, expect, it } from "vitest";
import { hex } from "../../test/fake-engine.ts";
import { FakeStore } from "../../test/fake-store.ts";
import { diskError, PATH } from "../../test/group-commit-fixture.ts";
import { settled } from "../../test/inbox.ts";
import { isReservedKey, PROOF_KEY } from "../engine/reserved-keys.ts";
import type { MessageStore } from "./message-store.ts";
import { proveStore } from "./prove-store.ts";

const KEY = hex(PROOF_KEY);

function prove(): { store: FakeStore; proved: Promise<void> } {
  const store = new FakeStore();
  return { store, proved: proveStore(store as unknown as MessageStore) };
}

describe("a proof", () => {
  it("writes a reserved record, syncs, reads it back and removes it, one after the other", async () => {
    const { store, proved } = prove();
    let done = false;
    void proved.then(() => {
      done = true;
    });
    expect(isReservedKey(PROOF_KEY)).toBe(true);
    const write = await store.writes.next();
    const [[key, value], ...others] = write.request as [[string, string]];
    expect([key, others]).toStrictEqual([KEY, []]);
    await settled();
    expect(store.syncs.size).toBe(0);
    write.succeed();
    const sync = await store.syncs.next();
    await settled();
    expect(store.loads.size).toBe(0);
    sync.succeed();
    const load = await store.loads.next();
    expect(load.request).toStrictEqual([KEY]);
    load.succeed([Buffer.from(value, "hex")]);
    const remove = await store.writes.next();
    expect(remove.request).toStrictEqual([[KEY, null]]);
    expect(done).toBe(false);
    remove.succeed();
    await proved;
  });

  const STEPS = ["write", "sync", "load", "remove"] as const;

  it.each(STEPS)("rejects with the error of a failed step: %s", async (failing) => {
    const { store, proved } = prove();
    const error = diskError("the disk is gone");
    const proving = proved.catch((error: unknown) => error);
    let value = "";
    for (const step of STEPS) {
      const calls = { write: store.writes, remove: store.writes, sync: store.syncs, load: store.loads };
      const held = await calls[step].next();
      if (step === "write") value = (held.request as [[string, string]])[0][1];
      if (step === failing) {
        held.fail(error);
        break;
      }
      held.succeed((step === "load" ? [Buffer.from(value, "hex")] : undefined) as never);
    }
    expect(await proving).toBe(error);
  });

  it("rejects with the error that the load met", async () => {
    const { store, proved } = prove();
    const error = diskError("input/output error");
    const proving = proved.catch((error: unknown) => error);
    (await store.writes.next()).succeed();
    (await store.syncs.next()).succeed();
    (await store.loads.next()).succeed([error]);
    expect(await proving).toBe(error);
  });

  it.each([
    ["nothing", null],
    ["another record", Buffer.from("proof 1")],
  ])("rejects when %s is read back", async (_, found) => {
    const { store, proved } = prove();
    const proving = proved.catch((error: unknown) => error);
    (await store.writes.next()).succeed();
    (await store.syncs.next()).succeed();
    (await store.loads.next()).succeed([found]);
    expect(await proving).toMatchObject({ code: "SPOOL_ENGINE", kind: "corruption", path: PATH });
  });
});
