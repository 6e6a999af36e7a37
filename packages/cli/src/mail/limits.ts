/**
 * The `maxPendingBytes` of the spools that the command opens, so no message may be larger. Readers stop buffering here.
 */
export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** Bytes of messages that an import, an export or the demo holds in memory, besides the spool itself. */
export const MAX_IN_FLIGHT_BYTES = 64 * 1024 * 1024;

/** The largest message that any spool can hold. */
export const MAX_STORED_BYTES = 2 ** 30;
