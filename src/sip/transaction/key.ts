import { branchCookie } from "../headers/fields.ts";
import { cseqOf, fromTag, type SipRequest, type SipResponse, sipCallIdOf, topVia } from "../message.ts";
import { writeUri } from "../uri.ts";

declare const brand: unique symbol;
/** Names a client transaction: our branch and the method (RFC 3261 §17.1.3). */
export type ClientKey = string & { readonly [brand]: "ClientKey" };
/** Names a server transaction: their branch, sent-by and the method (RFC 3261 §17.2.3). */
export type ServerKey = string & { readonly [brand]: "ServerKey" };

/** Client transaction a request of ours begins, or a response belongs to. */
export function clientKeyOf(message: SipRequest | SipResponse): ClientKey {
  return `c ${topVia(message).branch ?? ""} ${cseqOf(message).method}` as ClientKey;
}

/** Server transaction a request belongs to; `method` INVITE for the transaction that an ACK or CANCEL means. */
export function serverKeyOf(request: SipRequest, method: string): ServerKey {
  const via = topVia(request);
  if (via.branch?.startsWith(branchCookie)) {
    return `s ${via.branch} ${via.host.toLowerCase()}:${via.port ?? ""} ${method}` as ServerKey;
  }
  // A client of RFC 2543. The To tag is left out, because ACK and CANCEL of one INVITE differ in it.
  const place = `${via.host.toLowerCase()}:${via.port ?? ""} ${via.branch ?? ""}`;
  const what = `${sipCallIdOf(request)} ${fromTag(request) ?? ""} ${cseqOf(request).seq} ${method}`;
  return `s ${writeUri(request.uri)} ${place} ${what}` as ServerKey;
}

/** What two requests have in common that came from one over two ways (RFC 3261 §8.2.2.2). */
export function mergeKeyOf(request: SipRequest): string {
  const { seq, method } = cseqOf(request);
  return `${sipCallIdOf(request)} ${fromTag(request) ?? ""} ${seq} ${method}`;
}
