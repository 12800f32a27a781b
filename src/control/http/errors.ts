import type { FastifyError } from "fastify";
import { GatewayError, type GatewayErrorCode } from "../../kit/errors.ts";
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
  /** The cause is ours: to be logged. */
  readonly ours: boolean;
}

/** Makes a refusal of whatever was thrown on the way to an answer; what we did not foresee tells nothing of itself. */
export function toRefusal(error: unknown): Refusal {
  if (error instanceof GatewayError) {
    const { code, message, field } = error;
    return { status: statusOf[code], code, message, field, fieldBy: "service", ours: code === "internal" };
  }
  const { validation, validationContext, statusCode = 500, code } = error as Partial<FastifyError>;
  const plain = { field: undefined, fieldBy: "schema", ours: false } as const;
  if (validation !== undefined) {
    const { field, message } = describeFault(validation);
    const where = validationContext === "body" ? "the body" : "the request";
    return {
      ...plain,
      status: 400,
      code: "invalid-request",
      message: field === "" ? `${where} ${message}` : `${field} ${message}`,
      field: field === "" ? undefined : field,
    };
  }
  if (statusCode === 413) return { ...plain, status: 413, code: "too-large", message: "the body is too large" };
  if (statusCode === 415) {
    return { ...plain, status: 415, code: "invalid-request", message: "the body must be application/json" };
  }
  if (code === "FST_ERR_CTP_EMPTY_JSON_BODY") {
    return { ...plain, status: 400, code: "invalid-request", message: "the body is empty" };
  }
  if (statusCode === 400) {
    return { ...plain, status: 400, code: "invalid-request", message: "the body is not readable JSON" };
  }
  if (statusCode === 404) return { ...plain, status: 404, code: "not-found", message: "there is nothing here" };
  if (statusCode > 400 && statusCode < 500) {
    return { ...plain, status: statusCode, code: "invalid-request", message: "the request is not valid" };
  }
  return { ...plain, status: 500, code: "internal", message: "something went wrong here", ours: true };
}
