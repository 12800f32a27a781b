import { callIdField, cseqField, fromField, routeField, toField } from "../headers/fields.ts";
import { SipHeaders } from "../headers/headers.ts";
import { emptyBody, type SipRequest } from "../message.ts";
import type { Uri } from "../uri.ts";
import { addAll, type SessionContext } from "./context.ts";
import type { OutgoingCall } from "./types.ts";

/** The INVITE of a call of ours, without Via and Contact (RFC 3261 §8.1.1, §13.2.1). */
export function buildInvite(
  context: SessionContext,
  call: OutgoingCall,
  uri: Uri,
  ids: { readonly localTag: string; readonly sipCallId: string; readonly seq: number },
): SipRequest {
  const { options, timer } = context;
  const { from, to, routes = [], sdp } = call;
  const headers = new SipHeaders();
  for (const route of routes) headers.put(routeField, route);
  headers.add("Max-Forwards", "70");
  headers.put(fromField, { ...from, params: new Map(from.params).set("tag", ids.localTag) });
  headers.put(toField, to).put(callIdField, ids.sipCallId).put(cseqField, { seq: ids.seq, method: "INVITE" });
  addAll(headers, context.capabilityLines());
  if (options.reliableProvisional === "required") headers.add("Require", "100rel");
  addAll(headers, timer.requestLines());
  if (options.product !== "") headers.add("User-Agent", options.product);
  addAll(headers, call.headers);
  if (sdp !== undefined) headers.add("Content-Type", "application/sdp");
  return { type: "request", method: "INVITE", uri, headers, body: sdp ?? emptyBody };
}
