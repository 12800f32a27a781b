import { assertedIdentityField, type NameAddress } from "../../sip/headers/fields.ts";
import { SipHeaders } from "../../sip/headers/headers.ts";
import { noParams } from "../../sip/headers/params.ts";
import { makeSipUri, type Uri } from "../../sip/uri.ts";
import { metadataBounds } from "./call-headers.ts";

/** What goes into an INVITE of ours besides who calls whom. */
export interface OutgoingIdentity {
  readonly metadata: Readonly<Record<string, string>>;
  /** The caller, to be vouched for; undefined: the trunk is not to be told. */
  readonly assert?: Uri;
  /** The caller wants to stay unknown to who is called. */
  readonly isWithheld: boolean;
}

/** All of them together; an INVITE is to fit into a datagram with its offer. */
const maxHeaderChars = 4096;

/**
 * Header lines of an outgoing INVITE: metadata whose names begin with `X-` (any case) as they are, P-Asserted-Identity
 * (RFC 3325 §9.1) and Privacy. Metadata come from outside: control characters in them become spaces, so no value can
 * begin a header of its own; names that are no header names, and what is beyond the bounds, are left out.
 */
export function outgoingHeaders({ metadata, assert, isWithheld }: OutgoingIdentity): SipHeaders {
  const headers = new SipHeaders();
  if (assert !== undefined) headers.put(assertedIdentityField, { uri: assert, params: noParams });
  // `critical`: rather no call than one that shows the number (RFC 3323 §4.2).
  if (isWithheld) headers.add("Privacy", "id;critical");
  let chars = 0;
  let count = 0;
  for (const [name, value] of Object.entries(metadata)) {
    if (!/^x-./i.test(name) || !metadataBounds.namePattern.test(name) || headers.has(name)) continue;
    const text = value.replace(/\p{Cc}+/gu, " ").trim();
    const lineChars = name.length + text.length + 4;
    const fits = text.length <= metadataBounds.valueChars && chars + lineChars <= maxHeaderChars;
    if (!fits || count === metadataBounds.ownHeaders) continue;
    chars += lineChars;
    count++;
    headers.add(name, text);
  }
  return headers;
}

/** From of a caller who withholds the number (RFC 3323 §4.1.1.3). */
export const withheldCaller: NameAddress = {
  displayName: "Anonymous",
  uri: makeSipUri({ user: "anonymous", host: "anonymous.invalid" }),
  params: noParams,
};
