import type { Cursor } from "./headers/scan.ts";

/** Longest host name (RFC 1035 §2.3.4). */
const maxHostLength = 255;

/** Reads a host at the cursor: name, IPv4 or bracketed IPv6; undefined when there is none or it is malformed. */
export function readHost(cursor: Cursor): string | undefined {
  const { text, at } = cursor;
  let end = at;
  if (text.charCodeAt(at) === 91) {
    end = text.indexOf("]", at) + 1;
    if (end === 0 || end - at > maxHostLength || !isIpv6(text.slice(at + 1, end - 1))) return undefined;
  } else {
    let before = 46;
    for (; end < text.length; end++) {
      const code = text.charCodeAt(end);
      const isAlnum = (code >= 48 && code <= 57) || (code >= 97 && code <= 122) || (code >= 65 && code <= 90);
      // Departs from RFC 3261 §25.1: "_" is taken, as it stands in many private host names.
      if (!isAlnum && code !== 45 && code !== 46 && code !== 95) break;
      // No label is empty or begins with "-".
      if (before === 46 && (code === 46 || code === 45)) return undefined;
      before = code;
    }
    if (end === at || end - at > maxHostLength || before === 45) return undefined;
  }
  cursor.at = end;
  return text.slice(at, end);
}

/** True for a host name, an IPv4 address or an IPv6 address in brackets (RFC 3261 §25.1). */
export function isHost(text: string): boolean {
  const cursor: Cursor = { text, at: 0 };
  return readHost(cursor) !== undefined && cursor.at === text.length;
}

/** True for an IPv6 address without brackets or zone (RFC 4291 §2.2). */
export function isIpv6(text: string): boolean {
  if (text.length > 45) return false;
  const halves = text.split("::");
  if (halves.length > 2) return false;
  let groups = 0;
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i]!;
    if (half === "") continue;
    const parts = half.split(":");
    for (let j = 0; j < parts.length; j++) {
      const part = parts[j]!;
      const isLast = i === halves.length - 1 && j === parts.length - 1;
      if (isLast && part.includes(".")) {
        if (!isIpv4(part)) return false;
        groups += 2;
      } else if (/^[0-9A-Fa-f]{1,4}$/.test(part)) groups++;
      else return false;
    }
  }
  return halves.length === 2 ? groups < 8 : groups === 8;
}

/** True for four decimal parts of 0–255. */
export function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^[0-9]{1,3}$/.test(part) && Number(part) <= 255);
}
