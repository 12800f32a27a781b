import { cseqField, viaField } from "../headers/fields.ts";
import { SipHeaders } from "../headers/headers.ts";
import { cseqOf, emptyBody, type SipRequest, type SipResponse, topVia } from "../message.ts";

/** The ACK for a final response that is not 2xx: part of the INVITE's transaction (RFC 3261 §17.1.1.3). */
export function makeAckForFailure(invite: SipRequest, response: SipResponse): SipRequest {
  const headers = hopHeaders(invite, "ACK").copy("To", response.headers);
  return { type: "request", method: "ACK", uri: invite.uri, headers, body: emptyBody };
}

/** The CANCEL of an INVITE, with its branch, so that it takes the same way (RFC 3261 §9.1). */
export function makeCancel(invite: SipRequest, added?: SipHeaders): SipRequest {
  const headers = hopHeaders(invite, "CANCEL").copy("To", invite.headers);
  for (const [name, value] of added ?? []) headers.add(name, value);
  return { type: "request", method: "CANCEL", uri: invite.uri, headers, body: emptyBody };
}

function hopHeaders(invite: SipRequest, method: string): SipHeaders {
  const headers = new SipHeaders().put(viaField, topVia(invite)).copy("Route", invite.headers);
  headers.add("Max-Forwards", "70").copy("From", invite.headers).copy("Call-ID", invite.headers);
  return headers.put(cseqField, { seq: cseqOf(invite).seq, method });
}
