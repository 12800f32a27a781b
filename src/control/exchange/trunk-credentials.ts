import type { RandomBytes } from "../../kit/ids.ts";
import { type DigestAlgorithm, hashA1 } from "../../sip/digest.ts";
import { digestAuthorize } from "../../sip/digest-authorize.ts";
import type { AuthValue } from "../../sip/headers/auth.ts";
import type { HeaderField } from "../../sip/headers/field.ts";
import { proxyAuthenticateField, wwwAuthenticateField } from "../../sip/headers/fields.ts";
import type { Authorize } from "../../sip/invite-session/types.ts";
import type { SipResponse } from "../../sip/message.ts";
import { parseUri, userOf } from "../../sip/uri.ts";
import type { Ha1s, Trunk } from "./trunk.ts";

/** User of the address a trunk registers; undefined when it registers none. */
export function registeredUser(trunk: Trunk): string | undefined {
  const uri = trunk.register && parseUri(trunk.register.aor);
  return uri ? userOf(uri) : undefined;
}

/** Answers the challenges of a trunk's far end; undefined: it has no user name or no password. */
export function trunkAuthorize(trunk: Trunk, password: string | null, random: RandomBytes): Authorize | undefined {
  const username = trunk.outbound.username ?? registeredUser(trunk);
  if (username === undefined || password === null) return undefined;
  const answer = digestAuthorize({ username, password }, random);
  const { realm } = trunk.outbound;
  if (realm === null) return answer;
  return (request, response) => answer(request, onlyOfRealm(response, realm));
}

/** The response without the challenges of others, who are not to get a hash of our password. */
function onlyOfRealm(response: SipResponse, realm: string): SipResponse {
  const headers = response.headers.clone();
  const fields: readonly HeaderField<AuthValue>[] = [wwwAuthenticateField, proxyAuthenticateField];
  for (const field of fields) {
    const asked = response.headers.all(field).filter(({ params }) => params.get("realm") === realm);
    headers.remove(field.name);
    for (const challenge of asked) headers.put(field, challenge);
  }
  return { ...response, headers };
}

/** What a trunk's far end is checked against when it authenticates with us; undefined: it does not. */
export function trunkHa1s(
  trunk: Trunk,
  password: string | null,
  parts: { readonly realm: string; readonly algorithms: readonly DigestAlgorithm[] },
): Ha1s | undefined {
  const { username } = trunk.inbound;
  if (username === null || password === null) return undefined;
  const { realm, algorithms } = parts;
  return Object.fromEntries(algorithms.map((name) => [name, hashA1(name, username, realm, password)]));
}
