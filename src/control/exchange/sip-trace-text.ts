import {
  assertedIdentityField,
  authorizationField,
  contactField,
  contentTypeField,
  cseqField,
  fromField,
  preferredIdentityField,
  remotePartyField,
} from "../../sip/headers/fields.ts";
import type { SipHeaders } from "../../sip/headers/headers.ts";
import type { SipMessage } from "../../sip/message.ts";
import { sdpOf } from "../../sip/sdp-body.ts";
import { userOf, writeUri } from "../../sip/uri.ts";

/** What stands in a trace for what must not be in it. */
const hidden = "***";
/** Shorter user parts are too common to be cut out of a whole message. */
const minWithheldChars = 3;
const maxWithheld = 8;
/** Body types that say how a call goes, and nothing that people said, typed or dialled. */
const shownTypes: ReadonlySet<string> = new Set(["message/sipfrag", "application/simple-message-summary"]);

/** A message as a trace keeps it: passwords, digest responses, SRTP keys, texts and `withheld` users are not in it. */
export function traceText(message: SipMessage, withheld: readonly string[]): string {
  const { headers, body } = message;
  let head =
    message.type === "request"
      ? `${message.method} ${writeUri(message.uri)} SIP/2.0\r\n`
      : `SIP/2.0 ${message.status} ${message.reason}\r\n`;
  for (const [name, value] of headers) head += `${name}: ${maskHeader(name, value, withheld)}\r\n`;
  if (!headers.has("Content-Length")) head += `Content-Length: ${body.length}\r\n`;
  const text = `${maskPasswords(head)}\r\n${body.length === 0 ? "" : bodyText(message)}`;
  return withoutUsers(text, withheld);
}

/** The text without the users a caller wants withheld, wherever they stand. */
export function withoutUsers(text: string, withheld: readonly string[]): string {
  return withheld.reduce((masked, user) => masked.replaceAll(user, hidden), text);
}

/** Users of the addresses that tell who calls, in plain text, a leading `+` left out. */
export function callerUsers(headers: SipHeaders): string[] {
  const users = new Set<string>();
  for (const field of [
    fromField,
    assertedIdentityField,
    preferredIdentityField,
    remotePartyField,
    contactField,
  ] as const) {
    for (const { uri } of headers.all(field)) {
      const user = userOf(uri)?.replace(/^\+/, "") ?? "";
      if (user.length >= minWithheldChars && users.size < maxWithheld) users.add(user);
    }
  }
  return [...users];
}

function maskHeader(name: string, value: string, withheld: readonly string[]): string {
  switch (name) {
    case "Authorization":
    case "Proxy-Authorization":
      return maskCredentials(value);
    case "Authentication-Info":
      return maskDigest(value);
    case "Identity":
      // A signed token with the number in base64 (RFC 8225).
      return withheld.length > 0 ? hidden : value;
    default:
      return value;
  }
}

/**
 * Of Digest only what a password could be guessed from is secret; of other schemes, and of what cannot be read, everything
 * may be.
 */
function maskCredentials(value: string): string {
  const scheme = /^[-\w]{1,32}(?=[ \t])/.exec(value)?.[0];
  const isDigest = scheme?.toLowerCase() === "digest" && authorizationField.parse(value) !== undefined;
  return isDigest ? maskDigest(value) : `${scheme ?? ""} ${hidden}`.trim();
}

/** Parameters of Digest that tell nothing of the password (RFC 7616 §3.4, §3.5). */
const openParams: ReadonlySet<string> = new Set([
  "username",
  "realm",
  "nonce",
  "uri",
  "qop",
  "nc",
  "cnonce",
  "algorithm",
  "opaque",
  "userhash",
  "nextnonce",
]);

function maskDigest(value: string): string {
  return value.replace(
    /([-\w]{1,32})([ \t]*=[ \t]*)("(?:[^"\\]|\\.)*"?|[^, \t]*)/g,
    (whole, name: string, equals: string) =>
      openParams.has(name.toLowerCase()) ? whole : `${name}${equals}"${hidden}"`,
  );
}

/** Cuts the password out of `sip:user:password@host`. Looks at each character a fixed number of times. */
function maskPasswords(text: string): string {
  let out = "";
  let from = 0;
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    let start = at;
    while (start > from && !isDelimiter(text.charCodeAt(start - 1))) start--;
    const address = text.slice(start, at);
    const scheme = /sips?:/i.exec(address);
    const colon = scheme === null ? -1 : address.indexOf(":", scheme.index + scheme[0].length);
    if (colon < 0) continue;
    out += `${text.slice(from, start + colon + 1)}${hidden}`;
    from = at;
  }
  return from === 0 ? text : out + text.slice(from);
}

/** White space, `"`, `<`, `>` and `@`. */
function isDelimiter(code: number): boolean {
  return code <= 32 || code === 34 || code === 60 || code === 62 || code === 64;
}

function bodyText(message: SipMessage): string {
  const { headers, body } = message;
  const type = headers.first(contentTypeField)?.type ?? "unknown type";
  const isText = headers.first(cseqField)?.method === "MESSAGE";
  const note = `[${body.length} bytes of ${type} are not kept]`;
  if (isText) return note;
  if (shownTypes.has(type))
    return maskPasswords(plain(body)).replace(/^((?:proxy-)?authorization:).*$/gim, `$1 ${hidden}`);
  const sdp = sdpOf(message);
  if (sdp === undefined) return note;
  return sdp === body ? maskSdp(plain(sdp)) : `[of ${body.length} bytes of ${type}]\r\n${maskSdp(plain(sdp))}`;
}

/** Keys of SRTP, of old key lines and of ICE (RFC 4568 §9.1, RFC 4567 §3.1, RFC 8839 §5.4, RFC 8866 §5.12). */
function maskSdp(text: string): string {
  // Lines that are none of SDP may be anything: a header that slipped behind the empty line.
  const lines = text.replace(/^(?![a-z]=).+$/gim, hidden);
  // Most bodies have no key, and this one look is cheaper than two.
  if (!/inline|\bk=|key-mgmt|ice-pwd/i.test(lines)) return lines;
  return lines
    .replace(/^(a=crypto:.*?inline:).*$/gim, `$1${hidden}`)
    .replace(/^(k=|a=key-mgmt:|a=ice-pwd:).*$/gim, `$1${hidden}`);
}

function plain(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
}
