import { parseUri, type Uri, writeUri } from "../uri.ts";
import type { HeaderField } from "./field.ts";
import { type Params, readParams, writeParams } from "./params.ts";
import { atEnd, type Cursor, isToken, readQuoted, skipSpace, writeQuoted } from "./scan.ts";

/** A name-addr or addr-spec with its header parameters: From, To, Contact, Route (RFC 3261 §20.10). */
export interface NameAddress {
  /** Unquoted; undefined when there is none. */
  readonly displayName?: string;
  readonly uri: Uri;
  /** Parameters of the header, such as `tag`, not of the URI. */
  readonly params: Params;
}

/** Reads a name-addr or addr-spec with parameters; undefined when malformed. */
export function parseNameAddress(text: string): NameAddress | undefined {
  const cursor: Cursor = { text, at: 0 };
  skipSpace(cursor);
  let displayName: string | undefined;
  let uriText: string;
  if (text.charCodeAt(cursor.at) === 34) {
    displayName = readQuoted(cursor);
    if (displayName === undefined) return undefined;
    skipSpace(cursor);
    if (text.charCodeAt(cursor.at) !== 60) return undefined;
  }
  const open = displayName === undefined ? text.indexOf("<", cursor.at) : cursor.at;
  if (open >= 0) {
    if (displayName === undefined) {
      const name = text.slice(cursor.at, open).trim();
      if (!isPlainName(name)) return undefined;
      if (name !== "") displayName = name;
    }
    const close = text.indexOf(">", open);
    if (close < 0) return undefined;
    uriText = text.slice(open + 1, close);
    cursor.at = close + 1;
  } else {
    // Without angle brackets what follows a ";" belongs to the header, and "?" or "," may not be there (RFC 3261 §20.10).
    let end = text.indexOf(";", cursor.at);
    if (end < 0) end = text.length;
    uriText = text.slice(cursor.at, end).trimEnd();
    if (uriText.includes("?") || uriText.includes(",")) return undefined;
    cursor.at = end;
  }
  const uri = parseUri(uriText);
  if (uri === undefined) return undefined;
  const params = readParams(cursor);
  if (params === undefined || !atEnd(cursor)) return undefined;
  return displayName === undefined ? { uri, params } : { displayName, uri, params };
}

/** A display name without quotes: what cannot be mistaken for the structure around it. */
function isPlainName(text: string): boolean {
  // Departs from RFC 3261 §25.1, which takes tokens only: UTF-8, "&" and brackets without quotes are common.
  return !/[",;<>=\\:@]/.test(text);
}

/** Writes a name-addr, always with angle brackets, so that parameters cannot change sides. */
export function writeNameAddress({ displayName, uri, params }: NameAddress): string {
  const name = displayName === undefined ? "" : `${isToken(displayName) ? displayName : writeQuoted(displayName)} `;
  return `${name}<${writeUri(uri)}>${writeParams(params)}`;
}

function addressField(name: string): HeaderField<NameAddress> {
  return { name, parse: parseNameAddress, write: writeNameAddress };
}

/** From, with the caller's tag (RFC 3261 §20.20). */
export const fromField = addressField("From");
/** To, with the callee's tag once there is one (RFC 3261 §20.39). */
export const toField = addressField("To");
/** Record-Route (RFC 3261 §20.30). */
export const recordRouteField = addressField("Record-Route");
/** Route (RFC 3261 §20.34). */
export const routeField = addressField("Route");
/** Refer-To (RFC 3515 §2.1); an attended transfer has Replaces in the URI's headers. */
export const referToField = addressField("Refer-To");
/** Referred-By (RFC 3892). */
export const referredByField = addressField("Referred-By");
/** P-Asserted-Identity (RFC 3325 §9.1). */
export const assertedIdentityField = addressField("P-Asserted-Identity");
/** P-Preferred-Identity (RFC 3325 §9.2). */
export const preferredIdentityField = addressField("P-Preferred-Identity");
/** Remote-Party-ID, older than P-Asserted-Identity and still sent (draft-ietf-sip-privacy-04). */
export const remotePartyField = addressField("Remote-Party-ID");
/** Diversion: `reason`, `counter` in its parameters (RFC 5806). */
export const diversionField = addressField("Diversion");
/** History-Info: `index` in its parameters (RFC 7044). */
export const historyInfoField = addressField("History-Info");

/** Contact addresses; the `*` of an unregister is not among them (`isWildcardContact`). */
export const contactField: HeaderField<NameAddress> = addressField("Contact");

/** True when the Contact header's value is `*`: all bindings (RFC 3261 §10.2.2). */
export function isWildcardContact(value: string | undefined): boolean {
  return value !== undefined && value.trim() === "*";
}
