import { type NameAddress, parseNameAddress } from "../../sip/headers/fields.ts";
import type { Hop } from "../../sip/hop.ts";
import type { Binding } from "../../sip/registrar.ts";
import { numericHop } from "../../sip/routing.ts";
import { makeSipUri, type SipUri, type Uri } from "../../sip/uri.ts";

/** How a request gets to one device of a phone. */
export interface PhoneRoute {
  /** Request-URI: the device's Contact. */
  readonly uri: Uri;
  /** The next hop, whatever the URIs say: back through the NAT, along the connection, or to the proxy. */
  readonly to: Hop;
  /** Proxies the device registered through (RFC 3327 §5.3). */
  readonly routes: readonly NameAddress[];
}

/**
 * How to reach a device that has registered: always where its REGISTER came from, or at that address. Departs from RFC 3261
 * §10.3, by which a phone could register a third party: a carrier takes calls from our address for ours, and so anybody
 * with a phone could call out by a Contact at a carrier, or have us send into the network we are in. Nor does its 3xx lead
 * anywhere else.
 */
export function routeTo({ contact, flow, path, source }: Binding): PhoneRoute {
  const routes = path.flatMap((line) => parseNameAddress(line) ?? []);
  const next = routes[0]?.uri ?? contact;
  const there = numericHop(next);
  return { uri: contact, to: flow ?? (there?.address === source.address ? there : source), routes };
}

/**
 * The address of a user of ours as a device would write it, at the name it knows us by: From of what we send to it, so
 * that it can call or write back.
 */
export function addressFor({ aor }: Binding, user: string | undefined): SipUri {
  if (aor.type !== "sip") return makeSipUri({ user, host: "tandem.invalid" });
  return { ...makeSipUri({ user, host: aor.host }), scheme: aor.scheme, port: aor.port };
}
