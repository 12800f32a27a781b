import pino from "pino";

/** Structured log of one process. Lines about a call carry `callId`; what was said, typed or dialled only at `debug`. */
export type Logger = pino.Logger;

/** Fields that never reach the log, wherever they stand one level deep. */
const secretFields = ["authorization", "token", "apiKey", "api_key", "secret", "password", "key", "authToken"];

/** A logger that writes JSON lines to stdout, or nothing at all for `silent`. */
export function createLogger(level: string, processName: string): Logger {
  return pino({
    level,
    base: { process: processName },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: [...secretFields, ...secretFields.map((field) => `*.${field}`)], censor: "[secret]" },
  });
}
