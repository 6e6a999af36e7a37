import { Operation } from "./operation.ts";
import type { OperationMeter } from "./operation-meter.ts";
import type { Reservation } from "./reservation.ts";

/** A pending load. */
export class LoadOperation extends Operation<Uint8Array> {
  readonly id: Uint8Array;

  constructor(id: Uint8Array, meter: OperationMeter, reservation: Reservation, signal: AbortSignal | undefined) {
    super(meter, reservation, signal);
    this.id = id;
  }
}
