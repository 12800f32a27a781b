import { contactField } from "./headers/fields.ts";
import { noParams } from "./headers/params.ts";
import type { Hop } from "./hop.ts";
import type { InviteSession } from "./invite-session/session.ts";
import { cseqOf, type SipRequest, type SipResponse, toTag } from "./message.ts";
import { localContact, type Outbound } from "./outbound.ts";
import { nextHopUri } from "./routing.ts";
import { flowOf, isBehindNat, type Peer } from "./routing-dialog.ts";
import type { LocalAddress, SessionId } from "./user-agent-types.ts";

/** A session in its user agent, with what is known of the way to its far end. */
export interface SessionEntry {
  readonly machine: InviteSession;
  /** Next hop that was asked for, whatever the URIs say. */
  readonly fixedHop: Hop | undefined;
  /** User part of our Contact. */
  readonly contactUser: string | undefined;
  /** The call to hang up once this one is answered. */
  replaces: SessionId | undefined;
  peer: Peer | undefined;
  /** INVITEs under way by the session's own number. */
  readonly requests: Map<number, Outbound>;
}

/** Follows a far end whose connection or NAT binding has changed: its newest request shows the way back. */
export function noteSource(entry: SessionEntry | undefined, request: SipRequest, from: Hop): void {
  if (entry === undefined) return;
  const wasBehindNat = entry.peer?.isBehindNat ?? false;
  // Only some requests have a Contact to judge by.
  const isBehind = request.headers.has("Contact") ? isBehindNat(request, from) : wasBehindNat;
  entry.peer = { hop: from, isBehindNat: isBehind };
}

/** Which hop a request of the session takes besides what its URI says. */
export function wayOf(entry: SessionEntry, request: SipRequest): { to?: Hop; contactUser?: string } {
  const { fixedHop, contactUser, peer } = entry;
  if (toTag(request) === undefined) return { to: fixedHop, contactUser };
  const to = peer && flowOf(peer, nextHopUri(request), request.headers.has("Route"));
  return { to, contactUser };
}

/** Puts our Contact into what makes or refreshes a dialog (RFC 3261 §12.1.1, RFC 3311 §5.2). */
export function withContact(
  { peer, contactUser }: SessionEntry,
  response: SipResponse,
  { localAddress }: { readonly localAddress: (hop: Hop) => LocalAddress },
): SipResponse {
  const { status, headers } = response;
  const { method } = cseqOf(response);
  const wants = method === "INVITE" || method === "UPDATE" || method === "REFER";
  if (!wants || status <= 100 || status >= 300 || headers.has("Contact") || peer === undefined) return response;
  headers.put(contactField, { uri: localContact(localAddress(peer.hop), peer.hop, contactUser), params: noParams });
  return response;
}
