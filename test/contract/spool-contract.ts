import { describe } from "vitest";
import { type SpoolKind, sharedSpool } from "../support/spool-kinds.ts";
import { describeBuffers } from "./buffers.ts";
import { describeEnumeration } from "./enumeration.ts";
import { describeLifeCycle } from "./life-cycle.ts";
import { describeMessages } from "./messages.ts";
import { describeOrder } from "./order.ts";
import { describeRefusals } from "./refusals.ts";
import { describeShutdown } from "./shutdown.ts";

/** What every implementation of `Spool` promises. */
export function describeSpoolContract(kind: SpoolKind): void {
  describe(`a spool ${kind.name}`, () => {
    const shared = sharedSpool(kind, { shards: 2 });
    describeMessages(kind, shared);
    describeBuffers(kind, shared);
    describeOrder(shared);
    describeEnumeration(kind);
    describeRefusals(kind, shared);
    describeLifeCycle(kind);
    describeShutdown(kind);
  });
}
