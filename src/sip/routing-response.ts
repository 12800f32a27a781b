import { type Via, viaField } from "./headers/fields.ts";
import { type Hop, isReliable } from "./hop.ts";
import { type SipRequest, topVia } from "./message.ts";
import { sameHost } from "./uri-equality.ts";

/** Notes in the top Via where a request really came from (RFC 3261 §18.2.1, RFC 3581 §4). Changes the request. */
export function stampReceived(request: SipRequest, from: Hop): void {
  const via = topVia(request);
  const wantsPort = via.rport !== undefined;
  const host = from.address.includes(":") ? `[${from.address}]` : from.address;
  if (!wantsPort && sameHost(via.host, host)) {
    // What a sender writes there itself would lead our answer astray.
    if (via.received !== undefined) request.headers.replaceFirst(viaField, { ...via, received: undefined });
    return;
  }
  const stamped: Via = { ...via, received: from.address, rport: wantsPort ? from.port : undefined };
  request.headers.replaceFirst(viaField, stamped);
}

/** Where the response to a request goes (RFC 3261 §18.2.2, RFC 3581 §4). */
export function responseHop(request: SipRequest, from: Hop): Hop {
  if (isReliable(from.transport)) return from;
  const via = topVia(request);
  // Departs from RFC 3261 §18.2.2: `maddr` is not followed, as it would let a stranger choose whom our answers hit.
  return {
    transport: from.transport,
    address: from.address,
    port: via.rport === undefined ? (via.port ?? 5060) : from.port,
  };
}
