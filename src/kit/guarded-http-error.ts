/** Why a guarded exchange failed. */
export type GuardedHttpFault =
  | "refused-address"
  | "refused-scheme"
  | "timeout"
  | "too-large"
  | "too-many-redirects"
  | "network"
  | "aborted";

const explanations: Readonly<Record<GuardedHttpFault, string>> = {
  "refused-address": "the address is not a public one",
  "refused-scheme": "the URL must be https without a user name or password",
  timeout: "no complete answer in time",
  "too-large": "the answer is larger than allowed",
  "too-many-redirects": "too many redirects",
  network: "the connection failed",
  aborted: "the request was given up",
};

/** A guarded exchange that did not end with an answer. The message names the host and never the path or the body. */
export class GuardedHttpError extends Error {
  readonly kind: GuardedHttpFault;
  readonly host: string;

  /** `code` is the system's word for a network failure (ECONNREFUSED). */
  constructor(kind: GuardedHttpFault, host: string, code?: string) {
    super(`${host || "request"}: ${explanations[kind]}${code === undefined ? "" : ` (${code})`}`);
    this.name = "GuardedHttpError";
    this.kind = kind;
    this.host = host;
  }
}
