import type { FastifyError } from "fastify";
import { GatewayError, type GatewayErrorCode, type RefusalLinks, type RefusalReason } from "../../kit/errors.ts";
import { describeFault } from "./validation.ts";

/** Status of each refusal (RFC 9110 §15). */
export const statusOf: Readonly<Record<GatewayErrorCode, number>> = {
  "invalid-request": 400,
  unauthorized: 401,
  "payment-required": 402,
  forbidden: 403,
  "not-found": 404,
  conflict: 409,
  gone: 410,
  "too-large": 413,
  "rate-limited": 429,
  unavailable: 503,
  internal: 500,
};

/** A refusal ready to be put into a dialect's words. */
export interface Refusal {
  readonly status: number;
  readonly code: GatewayErrorCode;
  readonly message: string;
  /** In the user's words when he wrote it, in inner words (`turn.endpointingMs`) when a service named it. */
  readonly field: string | undefined;
  /** Who named the field. */
  readonly fieldBy: "schema" | "service";
  /** How far the request came: it could not be read, was not as described, or the service would not have it. */
  readonly stage: "reading" | "schema" | "service";
  /** Which part of the request was not as described; undefined: the service would not have it, or it was not read. */
  readonly part: "body" | "url" | undefined;
  readonly reason: RefusalReason | undefined;
  readonly links: RefusalLinks;
  /** The cause is ours: to be logged. */
  readonly ours: boolean;
}

/** Makes a refusal of whatever was thrown on the way to an answer; what we did not foresee tells nothing of itself. */
export function toRefusal(error: unknown): Refusal {
  if (error instanceof GatewayError) {
    const { code, message, field, reason, links } = error;
    const ours = code === "internal";
    const by = { fieldBy: "service", stage: "service", part: undefined } as const;
    return { status: statusOf[code], code, message, field, ...by, reason, links, ours };
  }
  const { validation, validationContext, statusCode = 500, code } = error as Partial<FastifyError>;
  if (validation !== undefined) {
    const { field, message } = describeFault(validation);
    const where = validationContext === "body" ? "the body" : "the request";
    return {
      ...unread(400, "invalid-request", field === "" ? `${where} ${message}` : `${field} ${message}`),
      stage: "schema",
      part: validationContext === "body" ? "body" : "url",
      field: field === "" ? undefined : field,
    };
  }
  if (statusCode === 413) return unread(413, "too-large", "the body is too large");
  if (statusCode === 415) return unread(415, "invalid-request", "the body must be application/json");
  if (code === "FST_ERR_CTP_EMPTY_JSON_BODY") return unread(400, "invalid-request", "the body is empty");
  if (code === "FST_ERR_BAD_URL") return unread(400, "invalid-request", "the path is not readable");
  // No id of ours is so long, so nothing is there.
  if (statusCode === 404 || statusCode === 414) return unread(404, "not-found", "there is nothing here");
  if (statusCode === 400) return unread(400, "invalid-request", "the body is not readable JSON");
  if (statusCode > 400 && statusCode < 500) return unread(statusCode, "invalid-request", "the request is not valid");
  return { ...unread(500, "internal", "something went wrong here"), stage: "service", ours: true };
}

/** A refusal of what did not come as far as a schema. */
function unread(status: number, code: GatewayErrorCode, message: string): Refusal {
  const nothing = { field: undefined, part: undefined, reason: undefined, links: {}, ours: false } as const;
  return { ...nothing, status, code, message, fieldBy: "schema", stage: "reading" };
}
