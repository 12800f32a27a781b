/** Small scanners shared by every header: they move a cursor over one unfolded value and never throw. */

/** A place in a text; `at` is the index of the next character. */
export interface Cursor {
  readonly text: string;
  at: number;
}

/** What a character below 128 may be part of; a bit each. */
const tokenBit = 1;
const paramValueBit = 2;

const classes = new Uint8Array(128);
for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.!%*_+`'~") {
  classes[char.charCodeAt(0)] = tokenBit | paramValueBit;
}
// Departs from RFC 3261 §25.1: a bare parameter value may hold more than a token or host, because tags, branches and
// `received` addresses in the field do.
for (const char of "[]:/@=?&$#{}|^()") classes[char.charCodeAt(0)]! |= paramValueBit;

/** True for the characters of a token (RFC 3261 §25.1). */
export function isTokenChar(code: number): boolean {
  return code < 128 && (classes[code]! & tokenBit) !== 0;
}

/** True when the whole text is a token of at least one character (RFC 3261 §25.1). */
export function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (!isTokenChar(text.charCodeAt(i))) return false;
  return text.length > 0;
}

/** Moves over spaces and tabs (folds are gone by now). */
export function skipSpace(cursor: Cursor): void {
  const { text } = cursor;
  let { at } = cursor;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code !== 32 && code !== 9) break;
  }
  cursor.at = at;
}

/** True when only white space is left. */
export function atEnd(cursor: Cursor): boolean {
  skipSpace(cursor);
  return cursor.at >= cursor.text.length;
}

/** Takes `code` with white space around it; false, and nothing but white space moved, when it is not there. */
export function take(cursor: Cursor, code: number): boolean {
  skipSpace(cursor);
  if (cursor.text.charCodeAt(cursor.at) !== code) return false;
  cursor.at++;
  skipSpace(cursor);
  return true;
}

/** Reads a token; empty when there is none. */
export function readToken(cursor: Cursor): string {
  return readClass(cursor, tokenBit);
}

/** Reads a bare parameter value: token, host or one of the odd values seen in the field; empty when there is none. */
export function readBareValue(cursor: Cursor): string {
  return readClass(cursor, paramValueBit);
}

function readClass(cursor: Cursor, bit: number): string {
  const { text, at } = cursor;
  let end = at;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code >= 128 || (classes[code]! & bit) === 0) break;
  }
  cursor.at = end;
  return text.slice(at, end);
}

/** Reads a quoted string at the cursor and gives what stands inside, unescaped; undefined when it does not end. */
export function readQuoted(cursor: Cursor): string | undefined {
  const { text } = cursor;
  let inside = "";
  let from = cursor.at + 1;
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 92) {
      inside += text.slice(from, i);
      from = ++i;
    } else if (code === 34) {
      cursor.at = i + 1;
      return inside + text.slice(from, i);
    }
  }
  return undefined;
}

/** Writes a quoted string (RFC 3261 §25.1); control characters, which may not be in one bare, become spaces. */
export function writeQuoted(text: string): string {
  let out = '"';
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 34 || code === 92) {
      out += `${text.slice(from, i)}\\`;
      from = i;
    } else if (code < 32 || code === 127) {
      out += `${text.slice(from, i)} `;
      from = i + 1;
    }
  }
  return `${out}${text.slice(from)}"`;
}

/** Most values a list header may have in a message. */
export const maxListValues = 128;

/**
 * Cuts a list header's value at the commas outside quotes and angle brackets (RFC 3261 §7.3.1). Undefined when a quote
 * does not end, a value is empty, or there are more than `maxListValues`.
 */
export function splitList(value: string): readonly string[] | undefined {
  if (!value.includes(",")) return value === "" ? [] : [value];
  const values: string[] = [];
  let start = 0;
  let inAngles = false;
  for (let i = 0; i <= value.length; i++) {
    const code = i === value.length ? 44 : value.charCodeAt(i);
    if (code === 34 && !inAngles) {
      i = endOfQuoted(value, i);
      if (i < 0) return undefined;
    } else if (code === 60) inAngles = true;
    else if (code === 62) inAngles = false;
    else if (code === 44 && (!inAngles || i === value.length)) {
      const part = value.slice(start, i).trim();
      if (part === "" || values.length === maxListValues) return undefined;
      values.push(part);
      start = i + 1;
    }
  }
  return values;
}

/** Index of the closing quote of the quoted string that opens at `open`, or -1. */
export function endOfQuoted(text: string, open: number): number {
  for (let i = open + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 92) i++;
    else if (code === 34) return i;
  }
  return -1;
}

/** Reads a whole text of 1–10 digits as a number up to `max`; undefined for anything else (RFC 3261 §25.1). */
export function readNumber(text: string, max: number): number | undefined {
  // Leading zeros are allowed ("Max-Forwards: 0068"), so the length is bounded generously and the value exactly.
  if (text.length === 0 || text.length > 20) return undefined;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value <= max ? value : undefined;
}

/** Largest 32-bit unsigned number: the bound of CSeq, Expires, RSeq and other delta-seconds. */
export const maxUint32 = 0xffff_ffff;
