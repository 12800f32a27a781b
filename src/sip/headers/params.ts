import { type Cursor, isToken, readBareValue, readQuoted, readToken, take, writeQuoted } from "./scan.ts";

/** Parameters behind a `;`: names in lower case, values unquoted; undefined value for a bare name. In received order. */
export type Params = ReadonlyMap<string, string | undefined>;

/** No parameters. */
export const noParams: Params = new Map();

/** Most parameters one header value or URI may have. */
export const maxParams = 64;

/** Builds parameters from pairs, for messages of our own. */
export function makeParams(pairs: Readonly<Record<string, string | undefined>>): Params {
  return new Map(Object.entries(pairs).map(([name, value]) => [name.toLowerCase(), value]));
}

/**
 * Reads `*( SEMI generic-param )` at the cursor (RFC 3261 §25.1) and stops at the first character that is not a `;`.
 * Undefined when one is malformed, or named twice (RFC 3261 §7.3.1), or there are too many.
 */
export function readParams(cursor: Cursor): Params | undefined {
  if (!take(cursor, 59)) return noParams;
  const params = new Map<string, string | undefined>();
  do {
    const name = readToken(cursor).toLowerCase();
    if (name === "" || params.has(name) || params.size === maxParams) return undefined;
    let value: string | undefined;
    if (take(cursor, 61)) {
      if (cursor.text.charCodeAt(cursor.at) === 34) {
        value = readQuoted(cursor);
        if (value === undefined) return undefined;
      } else {
        value = readBareValue(cursor);
        if (value === "") return undefined;
      }
    }
    params.set(name, value);
  } while (take(cursor, 59));
  return params;
}

/** Writes parameters, each with its `;`; values that are not tokens or hosts are quoted. */
export function writeParams(params: Params): string {
  let out = "";
  for (const [name, value] of params) {
    out += `;${name}`;
    if (value !== undefined) out += `=${writeValue(name, value)}`;
  }
  return out;
}

function writeValue(name: string, value: string): string {
  // Feature tags are quoted always (RFC 3840 §9), so is anything that would not read back as one bare value.
  return !name.startsWith("+") && (isToken(value) || isHostValue(value)) ? value : writeQuoted(value);
}

function isHostValue(value: string): boolean {
  return /^[-\w.!%*+`'~[\]:]+$/.test(value);
}
