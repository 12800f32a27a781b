/** Refusals in JagCall's words: `{error: {code, message, status}}`, with the field where one is wrong. */
import type { GatewayErrorCode, RefusalReason } from "../../../kit/errors.ts";
import type { RefusalAnswer } from "../../http/dialect-scope.ts";
import type { Refusal } from "../../http/errors.ts";
import { fieldNamed, type RefusalWords } from "../refusal-words.ts";

const byCode: Readonly<Record<GatewayErrorCode, RefusalWords>> = {
  "invalid-request": { status: 422, code: "validation_error" },
  unauthorized: {
    status: 401,
    code: "invalid_api_key",
    message: "The API key provided is invalid or has been revoked.",
  },
  "payment-required": { status: 402, code: "payment_required" },
  forbidden: { status: 403, code: "forbidden" },
  "not-found": { status: 404, code: "not_found" },
  conflict: { status: 409, code: "conflict" },
  gone: { status: 410, code: "gone" },
  "too-large": { status: 413, code: "payload_too_large" },
  "rate-limited": { status: 429, code: "rate_limit_exceeded" },
  unavailable: { status: 503, code: "service_unavailable" },
  internal: { status: 500, code: "internal_error", message: "Something went wrong here; contact support." },
};

const byReason: Readonly<Record<RefusalReason, RefusalWords>> = {
  "payment-method-required": { status: 402, code: "payment_method_required" },
  "insufficient-credits": { status: 402, code: "insufficient_balance" },
  "spending-cap-reached": { status: 402, code: "spending_cap_reached" },
  "plan-limit-numbers": { status: 403, code: "plan_limit_phone_numbers" },
  "plan-limit-texts": { status: 403, code: "plan_limit_sms" },
  "plan-limit-voice": { status: 403, code: "plan_limit_calls" },
  "plan-limit-voice-ai": { status: 403, code: "plan_limit_agent_calls" },
  "plan-limit-inbound-ai": { status: 403, code: "plan_limit_inbound_calls" },
  "plan-limit-otp": { status: 403, code: "plan_limit_otp" },
  "plan-limit-recording": { status: 403, code: "plan_limit_recordings" },
  "missing-scope": { status: 403, code: "insufficient_permissions" },
  "no-saved-agent": { status: 422, code: "no_agent" },
  "inbound-ai-not-configured": { status: 409, code: "agent_not_configured" },
  "carrier-not-supported": { status: 422, code: "number_not_supported" },
  "number-not-available": { status: 409, code: "number_not_available" },
  "opted-out": { status: 403, code: "recipient_opted_out" },
  "voice-ai-unavailable": { status: 503, code: "agent_unavailable" },
};

/** What cannot be read, and parameters of the URL, are a bad request; what stands in a body is a validation error. */
const badRequest: RefusalWords = { status: 400, code: "bad_request" };

/** Inner names that are another word here. */
const ownWords: Readonly<Record<string, string>> = {
  instructions: "system_prompt",
  voice: "voice_id",
  inboundAgentId: "agent_id",
  outboundAgentId: "agent_id",
};

/** A refusal in this API's words. */
export function answer(refusal: Refusal): RefusalAnswer {
  const { code, reason, stage, part } = refusal;
  const isBad = code === "invalid-request" && (stage === "reading" || part === "url");
  const words = isBad ? badRequest : reason ? byReason[reason] : byCode[code];
  const { status, code: word, message = refusal.message } = words;
  return { status, body: { error: { code: word, message, status, field: fieldNamed(refusal, ownWords) } } };
}
