/** What a refusal says beside its message; a gateway before these fields leaves them out. */
export interface RefusalDetails {
  /** `not_found`, `payment_required`…: docs/api/native.md. */
  readonly code: string;
  /** Path of the field that is wrong. */
  readonly field?: string;
  /** What a program can act on: `insufficient_credits`. */
  readonly reason?: string;
  /** Where a person can do something about it. */
  readonly setup_url?: string;
  readonly upgrade_url?: string;
}

/** The gateway answered, and said no. */
export class TandemError extends Error {
  override readonly name = "TandemError";
  readonly status: number;
  readonly details: RefusalDetails;
  /** How long to wait before asking again; undefined: asking again does not help. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, message: string, details: RefusalDetails, retryAfterMs?: number) {
    super(message);
    this.status = status;
    this.details = details;
    this.retryAfterMs = retryAfterMs;
  }

  get code(): string {
    return this.details.code;
  }
}

/** Nothing answered, or nothing that is a gateway: whether the request was done is not known. */
export class TandemUnreachable extends Error {
  override readonly name = "TandemUnreachable";
}
