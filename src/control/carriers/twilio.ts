/** Twilio's webhooks: is it really Twilio, and what do we answer. Pure; wire facts: Twilio "Webhooks security", "TwiML Voice". */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** What a signature is checked against. */
export interface TwilioSigned {
  /** Full URL as Twilio was told it: scheme, host, path, query. */
  readonly url: string;
  /** X-Twilio-Signature; undefined when the header is missing. */
  readonly signature: string | undefined;
  /** Fields of a form POST, repeated ones too. */
  readonly fields?: Iterable<readonly [string, string]>;
  /** Raw body of a JSON POST, whose hash is then in the URL as `bodySHA256`. */
  readonly jsonBody?: Uint8Array;
}

/** True when the request was signed with the account's auth token. Port or not, both spellings of the URL count. */
export function isSignedByTwilio(signed: TwilioSigned, authToken: string): boolean {
  const { url, signature, fields = [], jsonBody } = signed;
  if (signature === undefined || !URL.canParse(url)) return false;
  if (jsonBody && !bodyMatches(url, jsonBody)) return false;
  const given = Buffer.from(signature);
  const suffix = joinFields(fields);
  let matches = false;
  for (const candidate of spellings(url)) {
    const expected = Buffer.from(
      createHmac("sha1", authToken)
        .update(candidate + suffix)
        .digest("base64"),
    );
    // No early exit: the time taken says nothing about which spelling was near.
    matches = (expected.length === given.length && timingSafeEqual(expected, given)) || matches;
  }
  return matches;
}

/** Name and value of each field, by name (upper case first), the distinct values of a name sorted, nothing between. */
function joinFields(fields: Iterable<readonly [string, string]>): string {
  const byName = new Map<string, Set<string>>();
  for (const [name, value] of fields) byName.set(name, (byName.get(name) ?? new Set()).add(value));
  let text = "";
  for (const name of [...byName.keys()].sort()) {
    for (const value of [...(byName.get(name) ?? [])].sort()) text += name + value;
  }
  return text;
}

/** The URL as it is, without its port, and with the standard port of its scheme. */
function spellings(url: string): Set<string> {
  const match = /^([a-z]+):\/\/([^/?#]*?)(:[0-9]+)?([/?#].*)?$/i.exec(url);
  if (!match) return new Set([url]);
  const [, scheme = "", host = "", port, rest = ""] = match;
  const standard = /^(https|wss)$/i.test(scheme) ? ":443" : ":80";
  return new Set([url, `${scheme}://${host}${rest}`, `${scheme}://${host}${port ?? standard}${rest}`]);
}

function bodyMatches(url: string, body: Uint8Array): boolean {
  const given = Buffer.from(new URL(url).searchParams.get("bodySHA256") ?? "");
  const expected = Buffer.from(createHash("sha256").update(body).digest("hex"));
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** TwiML that joins the call to our media stream, both ways; the token travels as a parameter, never in the URL. */
export function renderConnectStream(url: string, token: string): string {
  return (
    '<?xml version="1.0" encoding="UTF-8"?><Response><Connect>' +
    `<Stream url="${escapeXml(url)}"><Parameter name="token" value="${escapeXml(token)}"/></Stream>` +
    "</Connect></Response>"
  );
}

/** TwiML that turns a call away unanswered, so that nobody pays. */
export function renderReject(reason: "rejected" | "busy"): string {
  const attribute = reason === "busy" ? ' reason="busy"' : "";
  return `<?xml version="1.0" encoding="UTF-8"?><Response><Reject${attribute}/></Response>`;
}

const xmlEntities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => xmlEntities[character] ?? character);
}
