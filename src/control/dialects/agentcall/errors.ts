/** Refusals in AgentCall's words: `{error: {code, message, field?, setupUrl?, upgradeUrl?}}`. */
import type { GatewayErrorCode, RefusalReason } from "../../../kit/errors.ts";
import type { RefusalAnswer } from "../../http/dialect-scope.ts";
import type { Refusal } from "../../http/errors.ts";
import type { RefusalWords } from "../refusal-words.ts";

const byCode: Readonly<Record<GatewayErrorCode, RefusalWords>> = {
  "invalid-request": { status: 422, code: "validation_error" },
  unauthorized: { status: 401, code: "unauthorized" },
  "payment-required": { status: 402, code: "payment_required" },
  forbidden: { status: 403, code: "forbidden" },
  "not-found": { status: 404, code: "not_found" },
  conflict: { status: 409, code: "conflict" },
  gone: { status: 410, code: "gone" },
  "too-large": { status: 413, code: "payload_too_large" },
  "rate-limited": { status: 429, code: "rate_limit_exceeded" },
  unavailable: { status: 503, code: "service_unavailable" },
  internal: { status: 500, code: "internal_error" },
};

const byReason: Readonly<Record<RefusalReason, RefusalWords>> = {
  "payment-method-required": { status: 402, code: "payment_method_required" },
  "insufficient-credits": { status: 402, code: "insufficient_credits" },
  "spending-cap-reached": { status: 402, code: "spending_cap_reached" },
  "plan-limit-numbers": { status: 403, code: "plan_limit_numbers" },
  "plan-limit-texts": { status: 403, code: "plan_limit_sms" },
  "plan-limit-voice": { status: 403, code: "plan_limit_voice" },
  "plan-limit-voice-ai": { status: 403, code: "plan_limit_voice_ai" },
  "plan-limit-inbound-ai": { status: 403, code: "plan_limit_inbound_ai_trial_exhausted" },
  "plan-limit-otp": { status: 403, code: "plan_limit_otp" },
  "plan-limit-recording": { status: 403, code: "plan_limit_recording" },
  "missing-scope": { status: 403, code: "insufficient_scope" },
  "no-saved-agent": { status: 400, code: "no_saved_agent" },
  "inbound-ai-not-configured": { status: 409, code: "inbound_ai_not_configured" },
  "carrier-not-supported": { status: 400, code: "carrier_not_supported" },
  "number-not-available": { status: 409, code: "number_not_available" },
  "opted-out": { status: 403, code: "recipient_opted_out" },
  "voice-ai-unavailable": { status: 503, code: "voice_ai_unavailable" },
};

/** A body that is no JSON was not looked at: there is nothing in it to validate. */
const unreadable: RefusalWords = { status: 400, code: "bad_request" };

/** Every code an error may have, and its status; for `/llms.txt`. */
export const errorWords: readonly RefusalWords[] = [...Object.values(byCode), unreadable, ...Object.values(byReason)];

/** Inner names that are another word here. */
const ownWords: Readonly<Record<string, string>> = {
  instructions: "systemPrompt",
  maxDurationMs: "maxDurationSecs",
  "Idempotency-Key": "idempotencyKey",
  agentId: "systemPrompt",
  bridgeTo: "connectTo",
};

/** A refusal in this API's words. */
export function answer({ code, message, field, fieldBy, stage, reason, links }: Refusal): RefusalAnswer {
  const isUnreadable = stage === "reading" && code === "invalid-request";
  const { status, code: word } = isUnreadable ? unreadable : reason ? byReason[reason] : byCode[code];
  const named = field !== undefined && fieldBy === "service" ? (ownWords[field] ?? field) : field;
  return { status, body: { error: { code: word, message, field: named, ...links } } };
}
