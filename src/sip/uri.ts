import { maxParams, noParams, type Params } from "./headers/params.ts";
import { type Cursor, readNumber } from "./headers/scan.ts";
import { readHost } from "./uri-host.ts";

/**
 * A sip: or sips: URI (RFC 3261 §19.1). User, password and headers stay escaped as they were on the wire, because
 * unescaping loses what is reserved; `userOf` and `uriHeaders` give the plain text, `makeSipUri` escapes.
 */
export interface SipUri {
  readonly type: "sip";
  readonly scheme: "sip" | "sips";
  readonly rawUser?: string;
  readonly rawPassword?: string;
  /** Name or address, IPv6 in brackets, spelling as received. */
  readonly host: string;
  readonly port?: number;
  /** Unescaped, names in lower case. */
  readonly params: Params;
  /** What stands behind `?`, escaped. */
  readonly rawHeaders?: string;
}

/** A tel: URI (RFC 3966). */
export interface TelUri {
  readonly type: "tel";
  /** Digits, `*`, `#`, letters A–D and a leading `+` when global; visual separators removed. */
  readonly number: string;
  readonly params: Params;
}

/** A URI of a scheme we do not route: kept whole. */
export interface OtherUri {
  readonly type: "other";
  /** Lower case. */
  readonly scheme: string;
  /** The URI with its scheme, as received. */
  readonly text: string;
}

export type Uri = SipUri | TelUri | OtherUri;

/** Longest URI we read, in characters. */
export const maxUriLength = 4096;

/** Reads a URI; undefined when it is malformed. White space anywhere is malformed. */
export function parseUri(text: string): Uri | undefined {
  if (text.length > maxUriLength || !isCleanUriText(text)) return undefined;
  if (text.startsWith("sip:")) return parseSip("sip", text, 4);
  const colon = text.indexOf(":");
  if (colon < 1) return undefined;
  const scheme = text.slice(0, colon).toLowerCase();
  if (scheme === "sip" || scheme === "sips") return parseSip(scheme, text, colon + 1);
  if (scheme === "tel") return parseTel(text.slice(colon + 1));
  return /^[a-z][a-z0-9+.-]*$/.test(scheme) && text.length > colon + 1 ? { type: "other", scheme, text } : undefined;
}

/** Printable ASCII without what delimits a URI, and every `%` followed by two hex digits. */
function isCleanUriText(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 32 || code >= 127 || code === 34 || code === 60 || code === 62) return false;
    if (code === 37 && !(isHexDigit(text.charCodeAt(i + 1)) && isHexDigit(text.charCodeAt(i + 2)))) return false;
  }
  return true;
}

function isHexDigit(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 70) || (code >= 97 && code <= 102);
}

function parseSip(scheme: "sip" | "sips", text: string, start: number): SipUri | undefined {
  let rawUser: string | undefined;
  let rawPassword: string | undefined;
  let hostAt = start;
  const at = text.indexOf("@", start);
  if (at >= 0) {
    if (text.includes("@", at + 1)) return undefined;
    const colon = text.indexOf(":", start);
    const userEnd = colon >= 0 && colon < at ? colon : at;
    rawUser = text.slice(start, userEnd);
    if (userEnd < at) rawPassword = text.slice(userEnd + 1, at);
    if (rawUser === "") return undefined;
    hostAt = at + 1;
  }
  const cursor: Cursor = { text, at: hostAt };
  const host = readHost(cursor);
  if (host === undefined) return undefined;
  let port: number | undefined;
  if (text.charCodeAt(cursor.at) === 58) {
    let end = cursor.at + 1;
    while (end < text.length && text.charCodeAt(end) !== 59 && text.charCodeAt(end) !== 63) end++;
    port = readNumber(text.slice(cursor.at + 1, end), 65535);
    if (port === undefined || port === 0) return undefined;
    cursor.at = end;
  }
  let params = noParams;
  let rawHeaders: string | undefined;
  if (cursor.at < text.length) {
    const question = text.indexOf("?", cursor.at);
    const paramsEnd = question < 0 ? text.length : question;
    const read = parseUriParams(text.slice(cursor.at, paramsEnd));
    if (read === undefined) return undefined;
    params = read;
    if (question >= 0) rawHeaders = text.slice(question + 1);
  }
  return { type: "sip", scheme, rawUser, rawPassword, host, port, params, rawHeaders };
}

/** Reads `;name=value…`, unescaped; undefined when malformed or a name stands twice (RFC 3261 §19.1.1). */
function parseUriParams(text: string): Params | undefined {
  if (text === "") return noParams;
  if (text.charCodeAt(0) !== 59) return undefined;
  const params = new Map<string, string | undefined>();
  for (let start = 1; start <= text.length; ) {
    let end = text.indexOf(";", start);
    if (end < 0) end = text.length;
    const equals = text.indexOf("=", start);
    const nameEnd = equals >= 0 && equals < end ? equals : end;
    const name = unescapeUri(text.slice(start, nameEnd)).toLowerCase();
    if (name === "" || params.has(name) || params.size === maxParams) return undefined;
    params.set(name, nameEnd < end ? unescapeUri(text.slice(nameEnd + 1, end)) : undefined);
    start = end + 1;
  }
  return params;
}

function parseTel(text: string): TelUri | undefined {
  const semicolon = text.indexOf(";");
  const end = semicolon < 0 ? text.length : semicolon;
  const number = text.slice(0, end).replace(/[-.()]/g, "");
  if (!/^(?:\+[0-9]+|[0-9A-Fa-f*#]+)$/.test(number)) return undefined;
  const params = parseUriParams(text.slice(end));
  return params === undefined ? undefined : { type: "tel", number, params };
}

/** Writes a URI as parseUri() reads it. */
export function writeUri(uri: Uri): string {
  switch (uri.type) {
    case "sip": {
      let out = `${uri.scheme}:`;
      if (uri.rawUser !== undefined) {
        out += uri.rawPassword === undefined ? `${uri.rawUser}@` : `${uri.rawUser}:${uri.rawPassword}@`;
      }
      out += uri.port === undefined ? uri.host : `${uri.host}:${uri.port}`;
      out += writeUriParams(uri.params);
      return uri.rawHeaders === undefined ? out : `${out}?${uri.rawHeaders}`;
    }
    case "tel":
      return `tel:${uri.number}${writeUriParams(uri.params)}`;
    case "other":
      return uri.text;
  }
}

function writeUriParams(params: Params): string {
  let out = "";
  for (const [name, value] of params) {
    out += `;${escapeUri(name, paramNameChars)}`;
    if (value !== undefined) out += `=${escapeUri(value, paramValueChars)}`;
  }
  return out;
}

/** What a SIP URI of our own is made of; `user` and header values plain, escaped here. */
export interface SipUriParts {
  readonly scheme?: "sip" | "sips";
  readonly user?: string;
  /** Name or address; IPv6 with or without brackets. */
  readonly host: string;
  readonly port?: number;
  readonly params?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Makes a SIP URI, escaping what needs it. */
export function makeSipUri(parts: SipUriParts): SipUri {
  const { scheme = "sip", user, host, port, params, headers } = parts;
  const headerText = Object.entries(headers ?? {})
    .map(([name, value]) => `${escapeUri(name, headerChars)}=${escapeUri(value, headerChars)}`)
    .join("&");
  return {
    type: "sip",
    scheme,
    rawUser: user === undefined || user === "" ? undefined : escapeUri(user, userChars),
    host: host.includes(":") && !host.startsWith("[") ? `[${host}]` : host,
    port,
    params: params === undefined ? noParams : new Map(Object.entries(params)),
    rawHeaders: headerText === "" ? undefined : headerText,
  };
}

/** The user part in plain text; for tel: the number. Undefined when there is none. */
export function userOf(uri: Uri): string | undefined {
  if (uri.type === "tel") return uri.number;
  return uri.type === "sip" && uri.rawUser !== undefined ? unescapeUri(uri.rawUser) : undefined;
}

/** The URI's headers (`?Replaces=…`) in plain text, in order (RFC 3261 §19.1.1). At most 32. */
export function uriHeaders(uri: Uri): readonly (readonly [name: string, value: string])[] {
  if (uri.type !== "sip" || uri.rawHeaders === undefined) return [];
  return uri.rawHeaders.split("&", 32).map((pair) => {
    const equals = pair.indexOf("=");
    return equals < 0
      ? ([unescapeUri(pair), ""] as const)
      : ([unescapeUri(pair.slice(0, equals)), unescapeUri(pair.slice(equals + 1))] as const);
  });
}

/** Replaces `%HH` by what it stands for; bytes that are no UTF-8 become lone surrogates U+DC80…U+DCFF, so nothing is lost. */
export function unescapeUri(text: string): string {
  if (!text.includes("%")) return text;
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      return run.replace(/%(..)/g, (_, hex: string) => {
        const byte = Number.parseInt(hex, 16);
        return String.fromCharCode(byte < 128 ? byte : 0xdc00 + byte);
      });
    }
  });
}

const unreserved = "-_.!~*'()";
/** Characters that stand for themselves in a user part (RFC 3261 §25.1). */
const userChars = `${unreserved}&=+$,;?/`;
/**
 * … in a URI parameter. Departs from RFC 3261 §25.1: what is read without escapes is written without them, so that a
 * remote target keeps its spelling and its length.
 */
const paramNameChars = `${unreserved}[]/:&+$,#^|{}\\\``;
const paramValueChars = `${paramNameChars}=`;
/** … in a URI header. */
const headerChars = `${unreserved}[]/?:+$`;

/** Escapes every character but letters, digits and `allowed` as UTF-8 `%HH`. */
function escapeUri(text: string, allowed: string): string {
  let out = "";
  for (const char of text) {
    const code = char.codePointAt(0)!;
    if (/^[A-Za-z0-9]$/.test(char) || allowed.includes(char)) out += char;
    else if (code >= 0xdc80 && code <= 0xdcff) out += `%${(code - 0xdc00).toString(16).toUpperCase()}`;
    else for (const byte of Buffer.from(char, "utf8")) out += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return out;
}
