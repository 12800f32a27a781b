/** What can be wrong with a request, in our own words; each public API maps these to its status and body. */
export type GatewayErrorCode =
  | "invalid-request"
  | "unauthorized"
  | "payment-required"
  | "forbidden"
  | "not-found"
  | "conflict"
  | "gone"
  | "too-large"
  | "rate-limited"
  | "unavailable"
  | "internal";

/** Why exactly, where a program can do something about it; each public API has a word for every one. */
export type RefusalReason =
  | "payment-method-required"
  | "insufficient-credits"
  | "spending-cap-reached"
  | "plan-limit-numbers"
  | "plan-limit-texts"
  | "plan-limit-voice"
  | "plan-limit-voice-ai"
  | "plan-limit-inbound-ai"
  | "plan-limit-otp"
  | "plan-limit-recording"
  | "missing-scope"
  | "no-saved-agent"
  | "inbound-ai-not-configured"
  | "carrier-not-supported"
  | "number-not-available"
  | "opted-out"
  | "voice-ai-unavailable";

/** Where the user can do something about a refusal. */
export interface RefusalLinks {
  /** A page that puts a payment method on file. */
  readonly setupUrl?: string;
  /** A page that changes the plan. */
  readonly upgradeUrl?: string;
}

/** A refused request. `message` tells the user what to do; it never holds what people said, typed or dialled. */
export class GatewayError extends Error {
  readonly code: GatewayErrorCode;
  /** The field of the request that is wrong, as the user wrote it (`turn.max_silence_ms`). */
  readonly field: string | undefined;
  readonly reason: RefusalReason | undefined;
  readonly links: RefusalLinks;

  constructor(
    code: GatewayErrorCode,
    message: string,
    field?: string,
    { reason, links = {} }: { readonly reason?: RefusalReason; readonly links?: RefusalLinks } = {},
  ) {
    super(message);
    this.name = "GatewayError";
    this.code = code;
    this.field = field;
    this.reason = reason;
    this.links = links;
  }
}
