import pino from "pino";

/** Structured log of one process. Lines about a call carry `callId`; what was said, typed or dialled only at `debug`. */
export type Logger = pino.Logger;

/** Fields that never reach the log, wherever they stand one level deep. */
const secretFields = [
  "authorization",
  "token",
  "apiKey",
  "api_key",
  "secret",
  "password",
  "key",
  "authToken",
  "providerKey",
];

/** Where PostgreSQL's errors repeat the values of a row: words, digits and hashes. */
const valuesInErrors = ["err.detail", "err.where", "err.cause.detail", "err.cause.where"];

/** Lines that wait for a reader who has stopped reading; past this they are dropped. */
const maxWaitingBytes = 4 * 1024 * 1024;

/**
 * A logger that writes JSON lines to stdout, or nothing at all for `silent`. It does not wait for whoever reads them: a
 * slow reader must not hold up a call's audio. What still waits at the end of the process is written then.
 */
export function createLogger(level: string, processName: string): Logger {
  const options = {
    level,
    base: { process: processName },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: [...secretFields, ...secretFields.map((field) => `*.${field}`), ...valuesInErrors],
      censor: "[secret]",
    },
  };
  return pino(options, pino.destination({ dest: 1, sync: false, maxLength: maxWaitingBytes }));
}
