import { Type } from "@fastify/type-provider-typebox";
import type { GatewayErrorCode } from "../../../kit/errors.ts";
import type { RefusalAnswer } from "../../http/dialect-scope.ts";
import type { Refusal } from "../../http/errors.ts";
import { fieldNamed } from "../refusal-words.ts";

/** The words of this API for each refusal. */
const codes: Readonly<Record<GatewayErrorCode, string>> = {
  "invalid-request": "invalid_request",
  unauthorized: "unauthorized",
  "payment-required": "payment_required",
  forbidden: "forbidden",
  "not-found": "not_found",
  conflict: "conflict",
  gone: "gone",
  "too-large": "too_large",
  "rate-limited": "rate_limited",
  unavailable: "unavailable",
  internal: "internal",
};

/** Inner names that are another word here. */
const ownWords: Readonly<Record<string, string>> = { body: "text" };

/** Body of every answer that is not a success. */
export const ErrorBody = Type.Object({
  error: Type.Object({
    code: Type.String({ enum: Object.values(codes) }),
    message: Type.String(),
    field: Type.Optional(Type.String({ description: "Path of the field that is wrong: `turn.endpointing_ms`." })),
    reason: Type.Optional(Type.String({ description: "Why exactly: `insufficient_credits`." })),
    setup_url: Type.Optional(Type.String({ description: "A page where a payment method is put on file." })),
    upgrade_url: Type.Optional(Type.String({ description: "A page where the plan is changed." })),
  }),
});

/** A refusal in this API's words. */
export function answer(refusal: Refusal): RefusalAnswer {
  const { status, code, message, reason, links } = refusal;
  const why = { reason: reason?.replaceAll("-", "_"), setup_url: links.setupUrl, upgrade_url: links.upgradeUrl };
  return { status, body: { error: { code: codes[code], message, field: fieldNamed(refusal, ownWords), ...why } } };
}

/** The refusals of a route, for its description. */
export function refusals<const Status extends number>(...statuses: readonly Status[]) {
  return Object.fromEntries([400, 401, 403, 429, ...statuses].map((status) => [status, ErrorBody])) as Record<
    Status | 400 | 401 | 403 | 429,
    typeof ErrorBody
  >;
}
