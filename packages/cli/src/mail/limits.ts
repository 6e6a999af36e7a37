/** No spool takes more (`maxPendingBytes` as the command opens it), so no reader gathers more before it gives a message up. */
export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** What readers, writers and the demo hold in memory at a time, besides the spool itself. */
export const MAX_IN_FLIGHT_BYTES = 64 * 1024 * 1024;

/** The most that a spool can hold as one message. */
export const MAX_STORED_BYTES = 2 ** 30;
