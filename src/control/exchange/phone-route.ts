import { type NameAddress, parseNameAddress } from "../../sip/headers/fields.ts";
import type { Hop } from "../../sip/hop.ts";
import type { Binding } from "../../sip/registrar.ts";
import { makeSipUri, type SipUri, type Uri } from "../../sip/uri.ts";

/** How a request gets to one device of a phone. */
export interface PhoneRoute {
  /** Request-URI: the device's Contact. */
  readonly uri: Uri;
  /** The next hop, whatever the URI says: back through the NAT or along the connection. */
  readonly to?: Hop;
  /** Proxies the device registered through (RFC 3327 §5.3). */
  readonly routes: readonly NameAddress[];
}

/** How to reach a device that has registered. */
export function routeTo({ contact, flow, path }: Binding): PhoneRoute {
  const routes = path.flatMap((line) => parseNameAddress(line) ?? []);
  return { uri: contact, to: flow, routes };
}

/**
 * The address of a user of ours as a device would write it, at the name it knows us by: From of what we send to it, so
 * that it can call or write back.
 */
export function addressFor({ aor }: Binding, user: string | undefined): SipUri {
  if (aor.type !== "sip") return makeSipUri({ user, host: "tandem.invalid" });
  return { ...makeSipUri({ user, host: aor.host }), scheme: aor.scheme, port: aor.port };
}
