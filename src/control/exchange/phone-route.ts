import { type NameAddress, parseNameAddress } from "../../sip/headers/fields.ts";
import type { Hop } from "../../sip/hop.ts";
import type { Binding } from "../../sip/registrar.ts";
import type { Uri } from "../../sip/uri.ts";

/** How a request gets to one device of a phone. */
export interface PhoneRoute {
  /** Request-URI: the device's Contact. */
  readonly uri: Uri;
  /** The next hop, whatever the URI says: back through the NAT or along the connection. */
  readonly to?: Hop;
  /** Proxies the device registered through (RFC 3327 §5.3). */
  readonly routes: readonly NameAddress[];
}

export function routeTo({ contact, flow, path }: Binding): PhoneRoute {
  const routes = path.flatMap((line) => parseNameAddress(line) ?? []);
  return { uri: contact, to: flow, routes };
}
