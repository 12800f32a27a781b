import type { Params } from "./headers/params.ts";
import { type SipUri, type Uri, uriHeaders } from "./uri.ts";

/** Parameters that must be in both URIs or in neither (RFC 3261 §19.1.4). */
const decisiveParams = ["user", "ttl", "method", "maddr", "transport"];

/** True when two URIs name the same thing (RFC 3261 §19.1.4; tel: RFC 3966 §4). */
export function sameUri(a: Uri, b: Uri): boolean {
  if (a.type === "sip") return b.type === "sip" && sameSipUri(a, b);
  if (a.type === "tel") {
    return b.type === "tel" && a.number.toLowerCase() === b.number.toLowerCase() && sameTelParams(a.params, b.params);
  }
  return b.type === "other" && a.text === b.text;
}

function sameSipUri(a: SipUri, b: SipUri): boolean {
  return (
    a.scheme === b.scheme &&
    sameEscaped(a.rawUser, b.rawUser) &&
    sameEscaped(a.rawPassword, b.rawPassword) &&
    sameHost(a.host, b.host) &&
    a.port === b.port &&
    sameParams(a.params, b.params) &&
    sameHeaders(a, b)
  );
}

/** Case counts; `%HH` of a character that is not reserved equals the character (RFC 3261 §19.1.4). */
function sameEscaped(a: string | undefined, b: string | undefined): boolean {
  if (a === b) return true;
  return a !== undefined && b !== undefined && normalEscapes(a) === normalEscapes(b);
}

function normalEscapes(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (escaped, hex: string) => {
    const char = String.fromCharCode(Number.parseInt(hex, 16));
    return /[A-Za-z0-9\-_.!~*'()]/.test(char) ? char : escaped.toUpperCase();
  });
}

/** Hosts are compared without case, IPv6 addresses by what they mean (RFC 5952 §2). */
export function sameHost(a: string, b: string): boolean {
  const first = a.toLowerCase();
  const second = b.toLowerCase();
  if (first === second) return true;
  return first.startsWith("[") && second.startsWith("[") && expandIpv6(first) === expandIpv6(second);
}

/** An IPv6 address in brackets as eight groups without leading zeros. */
function expandIpv6(host: string): string {
  let text = host.slice(1, -1);
  const v4 = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  if (v4 !== null) {
    const [, head = "", ...parts] = v4;
    const [b0, b1, b2, b3] = parts.map(Number) as [number, number, number, number];
    text = `${head}${((b0 << 8) | b1).toString(16)}:${((b2 << 8) | b3).toString(16)}`;
  }
  const [left = "", right] = text.split("::");
  const before = left === "" ? [] : left.split(":");
  const after = right === undefined || right === "" ? [] : right.split(":");
  const zeros = right === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...new Array<string>(Math.max(0, zeros)).fill("0"), ...after];
  return groups.map((group) => Number.parseInt(group, 16).toString(16)).join(":");
}

function sameParams(a: Params, b: Params): boolean {
  for (const name of decisiveParams) if (a.has(name) !== b.has(name)) return false;
  // All others count only where both have them.
  for (const [name, value] of a) {
    if (b.has(name) && value?.toLowerCase() !== b.get(name)?.toLowerCase()) return false;
  }
  return true;
}

function sameTelParams(a: Params, b: Params): boolean {
  if (a.size !== b.size) return false;
  for (const [name, value] of a) {
    if (!b.has(name) || value?.toLowerCase() !== b.get(name)?.toLowerCase()) return false;
  }
  return true;
}

/** Headers are never ignored; their order is nothing. */
function sameHeaders(a: SipUri, b: SipUri): boolean {
  const text = (uri: SipUri): string =>
    uriHeaders(uri)
      .map(([name, value]) => `${name.toLowerCase()}=${value}`)
      .sort()
      .join("&");
  return (a.rawHeaders ?? "") === (b.rawHeaders ?? "") || text(a) === text(b);
}
