import { requires, unknownRequirements } from "../capabilities.ts";
import { SipHeaders } from "../headers/headers.ts";
import type { SipRequest } from "../message.ts";
import { sdpOf } from "../sdp-body.ts";
import type { SessionContext } from "./context.ts";

/** What is wrong with an INVITE, before anybody is asked (RFC 3261 §8.2.2–§8.2.3); undefined: nothing. */
export function inviteRefusal(
  { dialog, options, timer }: SessionContext,
  request: SipRequest,
): { readonly status: number; readonly headers?: SipHeaders } | undefined {
  // Without a Contact there is no dialog (RFC 3261 §8.1.1.8).
  if (dialog === undefined) return { status: 400 };
  const unknown = unknownRequirements(request.headers);
  if (options.reliableProvisional === "off" && requires(request, "100rel")) unknown.push("100rel");
  if (unknown.length > 0) return { status: 420, headers: SipHeaders.of(["Unsupported", unknown.join(", ")]) };
  if (request.body.length > 0 && sdpOf(request) === undefined) {
    return { status: 415, headers: SipHeaders.of(["Accept", "application/sdp"]) };
  }
  const small = timer.refusal(request);
  return small === undefined ? undefined : { status: 422, headers: small };
}
