import {
  openSpool,
  type Reached,
  type RocksSpool,
  type ShardHealth,
  type Spool,
  type SpoolEntry,
  type SpoolError,
  type SpoolErrorCode,
  type SpoolId,
  type WriteOutcome,
} from "rockspool";
import { describe, expectTypeOf, it } from "vitest";

// Checked by the compiler in `npm run lint`; at run time there is nothing to see.
describe("the types that users see", () => {
  it("of openSpool ask for a path and nothing else, and give a Spool", () => {
    expectTypeOf<{ path: string }>().toExtend<Parameters<typeof openSpool>[0]>();
    expectTypeOf<{ shards: number }>().not.toExtend<Parameters<typeof openSpool>[0]>();
    expectTypeOf<{ path: string; shard: number }>().not.toEqualTypeOf<Parameters<typeof openSpool>[0]>();
    expectTypeOf(openSpool).returns.resolves.toExtend<Spool>();
    expectTypeOf<RocksSpool>().toExtend<AsyncDisposable>();
  });

  it("of the operations take ids or their text", () => {
    expectTypeOf<Spool["store"]>().parameter(0).toEqualTypeOf<SpoolId | string>();
    expectTypeOf<Spool["load"]>().parameter(0).toEqualTypeOf<SpoolId | string>();
    expectTypeOf<Spool["store"]>().parameter(1).toEqualTypeOf<Uint8Array>();
    expectTypeOf<Buffer>().toExtend<Parameters<Spool["store"]>[1]>();
    expectTypeOf<Spool["store"]>().returns.resolves.toEqualTypeOf<Reached>();
    expectTypeOf<Spool["load"]>().returns.resolves.toExtend<Uint8Array>();
    expectTypeOf<Spool["remove"]>().returns.resolves.toBeVoid();
    expectTypeOf<Spool["adviseLowMemory"]>().returns.resolves.toBeNumber();
    expectTypeOf<Spool["unhealthyReason"]>().returns.toEqualTypeOf<string | null>();
    expectTypeOf<Spool["health"]>().returns.toEqualTypeOf<ShardHealth[]>();
  });

  it("of entries tell messages from corrupt ones by `kind`", () => {
    type Item = Extract<SpoolEntry, { kind: "item" }>;
    type Corrupt = Extract<SpoolEntry, { kind: "corrupt" }>;
    expectTypeOf<SpoolEntry["kind"]>().toEqualTypeOf<"item" | "corrupt">();
    expectTypeOf<Item["id"]>().toEqualTypeOf<SpoolId>();
    expectTypeOf<Corrupt["id"]>().toEqualTypeOf<SpoolId | null>();
    expectTypeOf<Corrupt["error"]>().toEqualTypeOf<SpoolError>();
    expectTypeOf<Item>().not.toHaveProperty("error");
  });

  it("of errors have a closed set of codes and an outcome", () => {
    expectTypeOf<SpoolError>().toExtend<Error>();
    expectTypeOf<SpoolError["code"]>().toEqualTypeOf<SpoolErrorCode>();
    expectTypeOf<NonNullable<SpoolError["outcome"]>>().toEqualTypeOf<WriteOutcome>();
  });
});
