import { Operation } from "./operation.ts";
import type { OperationMeter } from "./operation-meter.ts";
import type { Claim } from "./reservation.ts";

/** A load that is under way. */
export class LoadOperation extends Operation<Uint8Array> {
  readonly id: Uint8Array;

  constructor(
    id: Uint8Array,
    meter: OperationMeter,
    claim: Claim,
    signal: AbortSignal | undefined,
    onSettled: (operation: Operation<unknown>) => void,
  ) {
    super(meter, claim, signal, onSettled);
    this.id = id;
  }
}
