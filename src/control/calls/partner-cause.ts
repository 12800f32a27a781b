import type { CallDirection, EndCause } from "../../media/protocol.ts";

/** Endings that are the same for two calls that talk with each other: no telephone hung up. */
const shared: ReadonlySet<EndCause> = new Set<EndCause>([
  "api-hung-up",
  "max-duration",
  "out-of-credit",
  "media-process-died",
  "gateway-stopped",
  "transferred",
  "internal-error",
]);

/** Why a call of this direction ends when the one it talks with has ended so: its own telephone did nothing. */
export function partnerCause(ended: EndCause, direction: CallDirection = "inbound"): EndCause {
  if (shared.has(ended)) return ended;
  return direction === "inbound" ? "callee-hung-up" : "caller-hung-up";
}
