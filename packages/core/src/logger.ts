/**
 * Where log lines go: the part of pino's interface that rockspool uses, so a pino logger fits as it is. Fields come
 * first, the message second.
 */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export type LogLevel = keyof Logger;

const nothing = (): void => {};

/** The default: a library says nothing unless it is given somewhere to say it. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
