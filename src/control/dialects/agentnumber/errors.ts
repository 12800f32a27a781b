/** Refusals in AgentNumber's words: `{success: false, error: {message, code}}`, with the field where one is wrong. */
import type { GatewayErrorCode, RefusalReason } from "../../../kit/errors.ts";
import type { RefusalAnswer } from "../../http/dialect-scope.ts";
import type { Refusal } from "../../http/errors.ts";
import { fieldNamed, type RefusalWords } from "../refusal-words.ts";

const byCode: Readonly<Record<GatewayErrorCode, RefusalWords>> = {
  "invalid-request": { status: 400, code: "validation_error" },
  unauthorized: { status: 401, code: "unauthorized", message: "Invalid or missing API key." },
  "payment-required": { status: 402, code: "payment_required" },
  forbidden: { status: 403, code: "forbidden" },
  "not-found": { status: 404, code: "not_found" },
  conflict: { status: 409, code: "conflict" },
  gone: { status: 410, code: "gone" },
  "too-large": { status: 413, code: "payload_too_large" },
  "rate-limited": { status: 429, code: "rate_limited" },
  unavailable: { status: 503, code: "unavailable" },
  internal: { status: 500, code: "internal_error", message: "Internal error." },
};

const byReason: Readonly<Record<RefusalReason, RefusalWords>> = {
  "payment-method-required": { status: 402, code: "payment_method_required" },
  "insufficient-credits": { status: 402, code: "insufficient_credits", message: "Insufficient credits." },
  "spending-cap-reached": { status: 402, code: "spending_cap_reached" },
  "plan-limit-numbers": { status: 403, code: "number_limit_reached" },
  "plan-limit-texts": { status: 403, code: "sms_limit_reached" },
  "plan-limit-voice": { status: 403, code: "call_limit_reached" },
  "plan-limit-voice-ai": { status: 403, code: "call_limit_reached" },
  "plan-limit-inbound-ai": { status: 403, code: "inbound_limit_reached" },
  "plan-limit-otp": { status: 403, code: "otp_limit_reached" },
  "plan-limit-recording": { status: 403, code: "recording_not_allowed" },
  "missing-scope": { status: 403, code: "forbidden" },
  "no-saved-agent": { status: 400, code: "number_has_no_agent" },
  "inbound-ai-not-configured": { status: 409, code: "number_has_no_agent" },
  "carrier-not-supported": { status: 400, code: "number_not_supported" },
  "number-not-available": { status: 409, code: "number_not_available" },
  "opted-out": { status: 403, code: "recipient_opted_out" },
  "voice-ai-unavailable": { status: 503, code: "unavailable" },
};

/** Inner names that are another word here. */
const ownWords: Readonly<Record<string, string>> = {
  instructions: "system_prompt",
  voice: "voice_id",
  amountMicros: "amount_cents",
  enabled: "active",
};

/** A refusal in this API's words. */
export function answer(refusal: Refusal): RefusalAnswer {
  const { code, reason } = refusal;
  const { status, code: word, message = refusal.message } = reason ? byReason[reason] : byCode[code];
  return { status, body: { success: false, error: { message, code: word, field: fieldNamed(refusal, ownWords) } } };
}
