import { isPublicAddress } from "../kit/address-guard.ts";
import { contactField, viaField } from "./headers/fields.ts";
import { type Hop, isReliable } from "./hop.ts";
import { type SipRequest, topVia } from "./message.ts";
import { defaultPort, numericHost } from "./routing.ts";
import type { Uri } from "./uri.ts";

/** True when a request's Contact is an address its sender has behind a NAT only: the packet came from elsewhere. */
export function isBehindNat(request: SipRequest, from: Hop): boolean {
  const via = topVia(request);
  const contact = request.headers.first(contactField)?.uri;
  if (contact?.type !== "sip" || via.host !== contact.host) return false;
  const address = numericHost(via.host);
  return address !== undefined && address !== from.address;
}

/**
 * True when a UDP device is reached where its packet came from rather than at its Contact: behind a NAT, or when it says
 * by `rport` that it listens where it sends from (RFC 3581 §4) and its Contact is another place it cannot mean, a private
 * address or another port of the same. A device that sends from another port than it listens at does not say so.
 */
export function isReachedBySource(request: SipRequest, contact: Uri, from: Hop): boolean {
  if (isBehindNat(request, from)) return true;
  // With a second Via the packet came from a proxy, not from the device.
  if (contact.type !== "sip" || topVia(request).rport === undefined || request.headers.all(viaField).length > 1) {
    return false;
  }
  if (contact.host.toLowerCase().endsWith(".invalid")) return true;
  const address = numericHost(contact.host);
  if (address === undefined) return false;
  if (address === from.address) return (contact.port ?? defaultPort("UDP")) !== from.port;
  return !isPublicAddress(address);
}

/** What is known of the way to the far end of a call. */
export interface Peer {
  /** Where its messages come from, or where ours were heard. */
  readonly hop: Hop;
  readonly isBehindNat: boolean;
}

/**
 * The hop a request within a dialog takes besides what its URI says: back along the connection or through the NAT it
 * came from. Undefined: as the URI says. Departs from RFC 3261 §12.2.1.1, whose Contact addresses assume no NAT.
 */
export function flowOf(peer: Peer, nextUri: Uri, hasRoutes: boolean): Hop | undefined {
  const { hop } = peer;
  // Nobody can be called over WebSocket but along the connection they opened (RFC 7118 §5).
  if (hop.transport === "WS" || hop.transport === "WSS") return hop;
  if (hasRoutes) return undefined;
  if (isReliable(hop.transport) && hop.connection !== undefined) return hop;
  if (nextUri.type !== "sip") return hop;
  const address = numericHost(nextUri.host);
  if (address === hop.address) return undefined;
  if (peer.isBehindNat || nextUri.host.toLowerCase().endsWith(".invalid")) return hop;
  return address !== undefined && !isPublicAddress(address) && isPublicAddress(hop.address) ? hop : undefined;
}
