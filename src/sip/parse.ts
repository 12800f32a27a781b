import { contentLengthField } from "./headers/fields.ts";
import { SipHeaders } from "./headers/headers.ts";
import { knownName } from "./headers/names.ts";
import { isToken } from "./headers/scan.ts";
import { emptyBody, type SipFault, type SipFaultKind, type SipMessage, type SipRequest } from "./message.ts";
import { checkHeaders } from "./parse-check.ts";
import { parseStartLine, type StartLine } from "./parse-start-line.ts";

/** Bounds of one message; what is beyond is a fault, not work. */
export const messageBounds = {
  /** Start line, headers and body. A UDP datagram cannot be longer. */
  messageBytes: 65_536,
  /** Line breaks before the start line. */
  leadingBytes: 64,
  /** Start line and headers. */
  headBytes: 32_768,
  /** Header lines, folded ones counted once. */
  headerLines: 256,
  /** One unfolded line in characters. */
  lineChars: 8192,
} as const;

const cr = 13;
const lf = 10;

/**
 * Reads one message: a datagram, a WebSocket frame, or what the stream framer cut. Never throws. The body shares memory
 * with `bytes`. What passes has readable Via, From, To, Call-ID, CSeq and Contact, Route, Record-Route if there are any.
 */
export function parseMessage(bytes: Uint8Array): SipMessage | SipFault {
  if (bytes.length > messageBounds.messageBytes) return fault("too-large", "message too long");
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let start = 0;
  // Line breaks before the start line are ignored (RFC 3261 §7.5), as long as they are few.
  while (start < messageBounds.leadingBytes && buffer[start] === cr && buffer[start + 1] === lf) start += 2;
  const end = buffer.indexOf("\r\n\r\n", start, "latin1");
  if (end < 0) return fault("incomplete", start === buffer.length ? "empty" : "no end of headers");
  if (end - start > messageBounds.headBytes) return fault("too-large", "headers too long");
  const head = readHead(buffer, start, end + 2);
  const lineEnd = head.text.indexOf("\r\n");
  const startLine = parseStartLine(head.text.slice(0, lineEnd));
  if (startLine === undefined) return fault("start-line", "neither request nor status line");
  const headers = new SipHeaders();
  const headerFault = readHeaders(head.text, lineEnd + 2, headers);
  const rest = buffer.subarray(end + 4);
  const found =
    (head.hasControls ? fault("header-line", "control character in the headers") : undefined) ??
    startLine.fault ??
    headerFault ??
    checkHeaders(startLine, headers) ??
    checkLength(headers, rest.length);
  if (found !== undefined) return answerable(found, startLine, headers);
  const length = headers.first(contentLengthField) ?? rest.length;
  const body = length === 0 ? emptyBody : rest.subarray(0, length);
  return startLine.type === "request"
    ? { type: "request", method: startLine.method, uri: startLine.uri, headers, body }
    : { type: "response", status: startLine.status, reason: startLine.reason, headers, body };
}

/** Start line and headers as text; line breaks only as CRLF, control characters only behind a backslash. */
function readHead(buffer: Buffer, start: number, end: number): { text: string; hasControls: boolean } {
  let hasControls = false;
  let isAscii = true;
  for (let i = start; i < end; i++) {
    const byte = buffer[i]!;
    if (byte >= 128) isAscii = false;
    else if (byte < 32 || byte === 127) {
      if (
        byte === cr ? buffer[i + 1] !== lf : byte === lf ? buffer[i - 1] !== cr : byte !== 9 && buffer[i - 1] !== 92
      ) {
        hasControls = true;
      }
    }
  }
  const text = buffer.toString(isAscii ? "latin1" : "utf8", start, end);
  // What is refused is copied into the refusal, and must not begin new lines there.
  return { text: hasControls ? text.replace(/\r(?!\n)|(?<!\r)\n/g, " ") : text, hasControls };
}

/** Reads header lines up to the end of the text into `headers`; gives the first fault but reads on. */
function readHeaders(text: string, start: number, headers: SipHeaders): SipFault | undefined {
  let found: SipFault | undefined;
  let lines = 0;
  for (let at = start; at < text.length; ) {
    let end = text.indexOf("\r\n", at);
    let isFolded = false;
    while (isBlank(text.charCodeAt(end + 2))) {
      isFolded = true;
      end = text.indexOf("\r\n", end + 2);
    }
    if (++lines > messageBounds.headerLines) return fault("too-large", "too many header lines");
    if (end - at > messageBounds.lineChars) found ??= fault("too-large", "header line too long");
    else found ??= readLine(text, at, end, isFolded, headers);
    at = end + 2;
  }
  return found;
}

function readLine(text: string, at: number, end: number, isFolded: boolean, headers: SipHeaders): SipFault | undefined {
  const colon = text.indexOf(":", at);
  if (colon < 0 || colon >= end) return fault("header-line", "header line without a colon");
  let nameEnd = colon;
  while (nameEnd > at && isBlank(text.charCodeAt(nameEnd - 1))) nameEnd--;
  const name = text.slice(at, nameEnd);
  const known = knownName(name);
  if (known === undefined && !isToken(name)) return fault("header-line", "header name is not a token");
  let from = colon + 1;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  const value = text.slice(from, to);
  headers.addUnchecked(known ?? name, isFolded ? unfold(value) : value);
  return undefined;
}

/** A fold and the blanks around it mean one space (RFC 3261 §7.3.1). */
function unfold(value: string): string {
  // Not one pattern over the whole: blanks before the line break would be tried from each of them on.
  const parts = value.split("\r\n").map((part) => part.trim());
  return parts.filter((part) => part !== "").join(" ");
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

/** A body shorter than promised is refused, bytes beyond it are ignored (RFC 3261 §18.3). */
function checkLength(headers: SipHeaders, available: number): SipFault | undefined {
  const lengths = headers.all(contentLengthField);
  if (headers.isMalformed(contentLengthField)) return fault("content-length", "Content-Length is not a number");
  for (const length of lengths) {
    if (length !== lengths[0]) return fault("content-length", "Content-Length twice with different values");
    if (length > available) return fault("content-length", "Content-Length beyond the end of the message");
  }
  return undefined;
}

function fault(kind: SipFaultKind, detail: string): SipFault {
  return { type: "fault", kind, detail };
}

/** Adds to a fault what is needed to refuse the request, when it can be refused at all. */
function answerable(found: SipFault, startLine: StartLine, headers: SipHeaders): SipFault {
  if (startLine.type !== "request" || startLine.method === "ACK" || !headers.has("Via")) return found;
  const { method, uri } = startLine;
  const request: SipRequest = { type: "request", method, uri, headers, body: emptyBody };
  const respondWith = found.respondWith ?? (found.kind === "too-large" ? 513 : 400);
  return { ...found, respondWith, request };
}
