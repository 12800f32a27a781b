import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import { isPublicAddress } from "../../kit/address-guard.ts";
import { webSocketProtocol } from "../../sip/io/web-socket-transport.ts";

/** Who may open SIP over WebSocket. */
export interface SipWebSocketPolicy {
  /** Origin that the world sees; no slash at the end. With https a proxy stands before us. */
  readonly publicUrl: string;
  /** Web origins whose pages may connect; empty: our own; `*`: any. */
  readonly origins: readonly string[];
  /** Addresses and CIDR blocks of the proxies that are believed. */
  readonly proxies: readonly string[];
}

/** What becomes of a request to open a socket. */
export type Admission =
  /** `address`: where the client really is. */
  | { readonly type: "admitted"; readonly address: string; readonly isSecure: boolean }
  /** `reason`: one sentence for who set the client or the proxy up. */
  | { readonly type: "refused"; readonly status: 400 | 403; readonly reason: string };

/** Judges the headers of a request to upgrade to SIP; `peer` is the far end of its connection. */
export function admitSipWebSocket(headers: IncomingHttpHeaders, peer: string, policy: SipWebSocketPolicy): Admission {
  const offered = (headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
  if (!offered.includes(webSocketProtocol)) {
    return refused(400, `the subprotocol must be ${webSocketProtocol} (RFC 7118)`);
  }
  const { origin, host = "" } = headers;
  // Only browsers send an Origin, and only their users need it: a page must not speak SIP in their name unasked.
  if (origin !== undefined && !isOwnOrAllowed(origin, host, policy)) {
    return refused(403, "pages of this origin may not connect; see TANDEM_SIP_WS_ORIGINS");
  }
  // A stranger's own address is the least he is trusted with, whatever he writes into headers.
  const isProxy = isAmong(peer, policy.proxies);
  if (isPublicAddress(peer) && !isProxy) return { type: "admitted", address: peer, isSecure: false };
  const forwarded = headers["x-forwarded-for"];
  // A proxy of ours that we do not know, or that does not say who comes, would make the whole internet our neighbours.
  if (forwarded !== undefined && !isProxy) return refused(400, "see TANDEM_TRUSTED_PROXIES");
  if (forwarded === undefined) {
    if (policy.publicUrl.startsWith("https:") && !isPublicAddress(peer))
      return refused(400, "come by TANDEM_PUBLIC_URL; its proxy must send X-Forwarded-For");
    return { type: "admitted", address: peer, isSecure: false };
  }
  const address = lastAddress(String(forwarded));
  if (address === undefined) return refused(400, "X-Forwarded-For does not end in an IP address");
  return { type: "admitted", address, isSecure: headers["x-forwarded-proto"] === "https" };
}

function isOwnOrAllowed(origin: string, host: string, { publicUrl, origins }: SipWebSocketPolicy): boolean {
  if (origins.includes("*") || origins.includes(origin)) return true;
  if (origins.length > 0 || !URL.canParse(origin)) return false;
  const from = new URL(origin);
  if (from.origin === new URL(publicUrl).origin) return true;
  // A name anybody can register may have been pointed at us (DNS rebinding), so it does not prove that the page is ours.
  return from.host === host.toLowerCase() && isUnregistrable(from.hostname);
}

/** An address, or a name that nobody can register in the public DNS. */
function isUnregistrable(hostname: string): boolean {
  if (hostname.startsWith("[") || isIP(hostname) !== 0) return true;
  return !hostname.includes(".") || /\.(local|localhost|internal|lan|home\.arpa)$/.test(hostname);
}

function isAmong(address: string, networks: readonly string[]): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  return networks.some((network) => {
    const [base, bits] = ipaddr.isValidCIDR(network)
      ? ipaddr.parseCIDR(network)
      : ([ipaddr.parse(network), network.includes(":") ? 128 : 32] as const);
    return base.kind() === parsed.kind() && parsed.match(base, bits);
  });
}

/** The last entry, which the proxy next to us has added itself; those before it anybody may have written. */
function lastAddress(forwarded: string): string | undefined {
  const last = forwarded.slice(forwarded.lastIndexOf(",") + 1).trim();
  const plain = /^\[([^\]]+)\](?::\d+)?$/.exec(last)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(last)?.[1] ?? last;
  return isIP(plain) === 0 ? undefined : plain;
}

function refused(status: 400 | 403, reason: string): Admission {
  return { type: "refused", status, reason };
}
