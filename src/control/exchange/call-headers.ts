import {
  assertedIdentityField,
  diversionField,
  fromField,
  historyInfoField,
  type NameAddress,
  privacyField,
  reasonField,
  toField,
} from "../../sip/headers/fields.ts";
import type { SipHeaders } from "../../sip/headers/headers.ts";
import type { SipRequest } from "../../sip/message.ts";
import { type Uri, uriHeaders, userOf } from "../../sip/uri.ts";
import { wantsPrivacy } from "./caller-privacy.ts";

/** Bounds of a call's metadata, as the APIs have them. */
export const metadataBounds = {
  entries: 50,
  /** Of them, those from `X-` headers. */
  ownHeaders: 40,
  valueChars: 500,
  namePattern: /^[A-Za-z0-9_.-]{1,64}$/,
} as const;

/** What an INVITE's headers give for the call's metadata. */
export interface CallMetadata {
  /**
   * `x-…`: the far end's own headers, names in lower case. `sip_to`: the number in To where it is not the one called.
   * `sip_from_name`: the caller's display name. `sip_diversion`, `sip_history`: by which numbers the call came.
   * `sip_reason`: why. All of it is what the far end says, vouched for by nobody.
   */
  readonly metadata: Readonly<Record<string, string>>;
  /** `X-` headers that were too many, too long or had a name that metadata cannot have. */
  readonly dropped: number;
}

/**
 * Who calls; undefined: the number is withheld. P-Asserted-Identity is believed only of a far end that is trusted to
 * check it (RFC 3325 §8), and Privacy is kept to also when it comes from anybody.
 */
export function callerAddress(request: SipRequest, isTrusted: boolean): NameAddress | undefined {
  const { headers } = request;
  if (wantsPrivacy(headers)) return undefined;
  const asserted = isTrusted ? headers.all(assertedIdentityField) : [];
  // Two may stand there, a tel: and a sip: one (RFC 3325 §9.1); the first that has a number or name is enough.
  const identity = asserted.find(({ uri }) => userOf(uri) !== undefined && !isAnonymous(uri));
  const from = headers.first(fromField);
  if (identity !== undefined) return identity;
  return from === undefined || isAnonymous(from.uri) ? undefined : from;
}

/** True for what callers who withhold their number write into From (RFC 3323 §4.1.1.3), and its common variants. */
function isAnonymous(uri: Uri): boolean {
  const user = userOf(uri)?.toLowerCase() ?? "";
  return (uri.type === "sip" && uri.host.toLowerCase() === "anonymous.invalid") || anonymousUsers.has(user);
}

const anonymousUsers: ReadonlySet<string> = new Set(["anonymous", "restricted", "unavailable", "private"]);

/** Reads an INVITE's headers into metadata. */
export function callMetadata(request: SipRequest, caller: NameAddress | undefined): CallMetadata {
  const { headers } = request;
  const { metadata, dropped } = ownHeaders(headers);
  const put = (name: string, value: string | undefined): void => {
    const text = clean(value ?? "").slice(0, metadataBounds.valueChars);
    if (text !== "") metadata[name] = text;
  };
  const to = headers.first(toField)?.uri;
  if (to !== undefined && userOf(to) !== userOf(request.uri)) put("sip_to", addressText(to));
  put("sip_from_name", caller?.displayName);
  put("sip_diversion", diversions(headers));
  put("sip_history", history(headers));
  put("sip_reason", headers.all(reasonField).slice(0, 8).map(reasonField.write).join(", "));
  return { metadata, dropped };
}

function ownHeaders(headers: SipHeaders): { metadata: Record<string, string>; dropped: number } {
  const { ownHeaders: maxHeaders, valueChars, namePattern } = metadataBounds;
  const found = new Map<string, string>();
  let dropped = 0;
  for (const [name, value] of headers) {
    if (!/^x-./i.test(name)) continue;
    const key = name.toLowerCase();
    const before = found.get(key);
    // Several lines of one name are one list (RFC 3261 §7.3.1).
    const text = before === undefined ? clean(value) : `${before}, ${clean(value)}`;
    const fits =
      namePattern.test(key) && text.length <= valueChars && (before !== undefined || found.size < maxHeaders);
    if (fits) found.set(key, text);
    else dropped++;
  }
  return { metadata: Object.fromEntries(found), dropped };
}

/** `+15550123;reason=no-answer;counter=1`, the latest first (RFC 5806). */
function diversions(headers: SipHeaders): string {
  return headers
    .all(diversionField)
    .slice(0, 16)
    .map(({ uri, params }) => {
      const isHidden = /^(?:full|uri)$/i.test(params.get("privacy") ?? "");
      return entry(isHidden ? undefined : uri, [
        ["reason", params.get("reason")],
        ["counter", params.get("counter")],
      ]);
    })
    .join(", ");
}

/** `+15550123;index=1, +15550199;index=1.1;cause=302`, in the order of the header (RFC 7044). */
function history(headers: SipHeaders): string {
  const isHidden = headers
    .all(privacyField)
    .flat()
    .some((level) => level === "history" || level === "header");
  return headers
    .all(historyInfoField)
    .slice(0, 16)
    .map(({ uri, params }) => {
      const within = uriHeaders(uri);
      const inUri = (wanted: string) => within.find(([name]) => name.toLowerCase() === wanted)?.[1];
      const isPrivate = isHidden || /\bhistory\b/i.test(inUri("privacy") ?? "");
      const cause = uri.type === "sip" ? uri.params.get("cause") : undefined;
      return entry(isPrivate ? undefined : uri, [
        ["index", params.get("index")],
        ["cause", cause ?? /cause *= *(\d{1,3})/i.exec(inUri("reason") ?? "")?.[1]],
      ]);
    })
    .join(", ");
}

/** An address with some parameters; undefined address: it is withheld. */
function entry(uri: Uri | undefined, params: readonly (readonly [string, string | undefined])[]): string {
  const given = params.filter(([, value]) => value !== undefined && /^[\w.-]{1,40}$/.test(value));
  return [uri === undefined ? "anonymous" : addressText(uri), ...given.map(([name, value]) => `${name}=${value}`)].join(
    ";",
  );
}

const maxAddressChars = 128;

/** A number without its separators, or `sip:user@host`; at most 128 characters, as callers have in the APIs. */
export function addressText(uri: Uri): string {
  return clean(wholeAddress(uri)).slice(0, maxAddressChars);
}

function wholeAddress(uri: Uri): string {
  const user = userOf(uri);
  const number = user?.split(";", 1)[0]?.replace(/[-.() ]/g, "");
  if (number !== undefined && /^\+?[0-9*#]{1,32}$/.test(number)) return number;
  if (uri.type !== "sip") return uri.type === "tel" ? uri.number : uri.text;
  return user === undefined ? `${uri.scheme}:${uri.host}` : `${uri.scheme}:${user}@${uri.host}`;
}

/** Without control characters and half characters, so that it is the same text everywhere. */
function clean(value: string): string {
  return Buffer.from(value.replace(/\p{Cc}+/gu, " "), "utf8")
    .toString("utf8")
    .trim();
}
