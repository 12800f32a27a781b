import { isToken } from "./headers/scan.ts";
import type { SipFault } from "./message.ts";
import { parseUri, type Uri } from "./uri.ts";

/** What the first line says; with `fault` when it is recognisable but not acceptable. */
export type StartLine =
  | { readonly type: "request"; readonly method: string; readonly uri: Uri; readonly fault?: SipFault }
  | { readonly type: "response"; readonly status: number; readonly reason: string; readonly fault?: SipFault };

/** Longest method we read. */
const maxMethodLength = 64;

/**
 * Reads `Method SP Request-URI SP SIP/2.0` or `SIP/2.0 SP status SP reason` (RFC 3261 §7.1, §7.2). Undefined when the
 * line is neither, so that there is nobody to answer.
 */
export function parseStartLine(line: string): StartLine | undefined {
  return /^SIP\//i.test(line) ? parseStatusLine(line) : parseRequestLine(line);
}

function parseStatusLine(line: string): StartLine {
  const match = /^SIP\/(\S+) (\d{1,20})(?: (.*))?$/i.exec(line);
  const status = Number(match?.[2]);
  const reason = match?.[3] ?? "";
  if (match === null)
    return { type: "response", status: 0, reason, fault: fault("start-line", "malformed status line") };
  if (match[1] !== "2.0") return { type: "response", status, reason, fault: fault("version", "not SIP/2.0") };
  const isStatus = match[2]!.length === 3 && status >= 100 && status <= 699;
  return isStatus
    ? { type: "response", status, reason }
    : { type: "response", status, reason, fault: fault("status", "status is not 100–699") };
}

function parseRequestLine(line: string): StartLine | undefined {
  const first = line.indexOf(" ");
  const method = line.slice(0, Math.max(first, 0));
  if (method.length > maxMethodLength || !isToken(method)) return undefined;
  const last = line.lastIndexOf(" ");
  const text = line.slice(first + 1, Math.max(last, first + 1));
  const version = line.slice(last + 1);
  const opaque: Uri = { type: "other", scheme: "", text };
  if (last === first || !/^SIP\/\d+\.\d+$/i.test(version)) {
    // A version further to the left means blanks at the end (RFC 4475 §3.1.2.10); without one this is no SIP.
    if (!/ SIP\/\d+\.\d+\s*$/i.test(line)) return undefined;
    return { type: "request", method, uri: opaque, fault: fault("start-line", "malformed request line") };
  }
  if (version.slice(4) !== "2.0") {
    return { type: "request", method, uri: opaque, fault: { ...fault("version", "not SIP/2.0"), respondWith: 505 } };
  }
  const uri = parseUri(text);
  if (uri === undefined) {
    return { type: "request", method, uri: opaque, fault: fault("request-uri", "malformed Request-URI") };
  }
  if (uri.type === "other") {
    const unknown = { ...fault("request-uri-scheme", "unknown scheme of the Request-URI"), respondWith: 416 } as const;
    return { type: "request", method, uri, fault: unknown };
  }
  if (uri.type === "sip" && uri.rawHeaders !== undefined) {
    return { type: "request", method, uri, fault: fault("request-uri", "headers in the Request-URI") };
  }
  return { type: "request", method, uri };
}

function fault(kind: SipFault["kind"], detail: string): SipFault {
  return { type: "fault", kind, detail };
}
