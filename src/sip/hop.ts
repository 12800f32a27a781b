/** How SIP travels (RFC 3261 §18, RFC 7118). */
export type SipTransport = "UDP" | "TCP" | "TLS" | "WS" | "WSS";

/** Where a message goes, or where it came from. */
export interface Hop {
  readonly transport: SipTransport;
  /** IPv4 or IPv6 address without brackets. */
  readonly address: string;
  readonly port: number;
  /** The connection to use or that was used; undefined: UDP, or any connection to that address (RFC 3261 §18.1.1). */
  readonly connection?: number;
  /** Name the far end's certificate must bear; TLS only. */
  readonly serverName?: string;
}

/** True when the transport delivers or tells (RFC 3261 §17: timers that repeat are off). */
export function isReliable(transport: SipTransport): boolean {
  return transport !== "UDP";
}
