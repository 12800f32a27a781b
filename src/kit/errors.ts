/** What can be wrong with a request, in our own words; each public API maps these to its status and body. */
export type GatewayErrorCode =
  | "invalid-request"
  | "unauthorized"
  | "forbidden"
  | "not-found"
  | "conflict"
  | "gone"
  | "too-large"
  | "rate-limited"
  | "unavailable"
  | "internal";

/** A refused request. `message` tells the user what to do; it never holds what people said, typed or dialled. */
export class GatewayError extends Error {
  readonly code: GatewayErrorCode;
  /** The field of the request that is wrong, as the user wrote it (`turn.max_silence_ms`). */
  readonly field: string | undefined;

  constructor(code: GatewayErrorCode, message: string, field?: string) {
    super(message);
    this.name = "GatewayError";
    this.code = code;
    this.field = field;
  }
}
