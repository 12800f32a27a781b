import {
  type CSeq,
  callIdField,
  cseqField,
  fromField,
  type NameAddress,
  toField,
  type Via,
  viaField,
} from "./headers/fields.ts";
import { SipHeaders } from "./headers/headers.ts";
import { reasonPhrases } from "./reason-phrases.ts";
import type { Uri } from "./uri.ts";

/** A request (RFC 3261 §7.1). */
export interface SipRequest {
  readonly type: "request";
  /** Case-sensitive token. */
  readonly method: string;
  readonly uri: Uri;
  readonly headers: SipHeaders;
  /** Empty when there is none; may share memory with the received packet. */
  readonly body: Uint8Array;
}

/** A response (RFC 3261 §7.2). */
export interface SipResponse {
  readonly type: "response";
  /** 100–699. */
  readonly status: number;
  /** May be empty. */
  readonly reason: string;
  readonly headers: SipHeaders;
  /** Empty when there is none; may share memory with the received packet. */
  readonly body: Uint8Array;
}

export type SipMessage = SipRequest | SipResponse;

/** What is wrong with bytes that came as a SIP message. */
export type SipFaultKind =
  /** Longer than a bound of ours: bytes, lines, one line, values, parameters. */
  | "too-large"
  /** No end of headers, or nothing at all. */
  | "incomplete"
  /** The first line is neither a request line nor a status line. */
  | "start-line"
  /** The first line speaks another version than SIP/2.0. */
  | "version"
  /** The Request-URI cannot be read, or carries headers (RFC 3261 §19.1.1). */
  | "request-uri"
  /** The Request-URI is of a scheme we do not route (RFC 3261 §8.2.2.1). */
  | "request-uri-scheme"
  /** A header line has no name or a control character. */
  | "header-line"
  /** A header every message needs is missing (RFC 3261 §8.1.1). */
  | "missing-header"
  /** A header that may stand once stands more often. */
  | "repeated-header"
  /** A header's value cannot be read. */
  | "header-value"
  /** CSeq names another method than the request line (RFC 3261 §8.1.1.5). */
  | "cseq-method"
  /** Content-Length promises more than there is, is negative, or stands twice with different values (RFC 3261 §18.3). */
  | "content-length"
  /** The status is not 100–699. */
  | "status";

/** Nonsense from the network, as a value. */
export interface SipFault {
  readonly type: "fault";
  readonly kind: SipFaultKind;
  /** For people and logs; holds header names, never their values. */
  readonly detail: string;
  /** Status to refuse the request with; undefined: drop in silence (responses, ACK, and what has no Via line). */
  readonly respondWith?: 400 | 416 | 505 | 513;
  /**
   * What could be read of the request to be refused, there whenever `respondWith` is: enough for `respond()`, but no
   * header in it is vouched for, the top Via neither. Answer to where the packet came from.
   */
  readonly request?: SipRequest;
}

/** The body of a message without one. */
export const emptyBody = new Uint8Array(0);

/** The top Via. The parser lets nothing pass without it; in a message of our own its absence is our mistake. */
export function topVia(message: SipMessage): Via {
  return must(message.headers.first(viaField), "Via");
}

/** The From address with its tag. */
export function fromOf(message: SipMessage): NameAddress {
  return must(message.headers.first(fromField), "From");
}

/** The To address with its tag, if it has one. */
export function toOf(message: SipMessage): NameAddress {
  return must(message.headers.first(toField), "To");
}

/** The From tag; undefined from an RFC 2543 client. */
export function fromTag(message: SipMessage): string | undefined {
  return fromOf(message).params.get("tag");
}

/** The To tag; undefined outside a dialog. */
export function toTag(message: SipMessage): string | undefined {
  return toOf(message).params.get("tag");
}

/** Sequence number and method. */
export function cseqOf(message: SipMessage): CSeq {
  return must(message.headers.first(cseqField), "CSeq");
}

/** Call-ID, byte for byte. */
export function sipCallIdOf(message: SipMessage): string {
  return must(message.headers.first(callIdField), "Call-ID");
}

function must<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`SIP message without readable ${name}`);
  return value;
}

/** What a response adds to the lines it copies from its request. */
export interface ResponseParts {
  readonly reason?: string;
  /** Put on To unless it has a tag already (RFC 3261 §8.2.6.2). */
  readonly toTag?: string;
  /** Added behind the copied lines. */
  readonly headers?: SipHeaders;
  readonly body?: Uint8Array;
}

/** A response to a request: Via, From, To, Call-ID and CSeq copied in order (RFC 3261 §8.2.6.2). */
export function respond(request: SipRequest, status: number, parts: ResponseParts = {}): SipResponse {
  const { reason = reasonPhrases[status] ?? "", headers: added, body = emptyBody } = parts;
  const headers = new SipHeaders();
  for (const name of ["Via", "From", "To", "Call-ID", "CSeq"]) headers.copy(name, request.headers);
  // The proxies that want to stay on the way of the dialog; the caller learns them from here (RFC 3261 §12.1.1).
  if (request.method === "INVITE" && status > 100 && status < 300) headers.copy("Record-Route", request.headers);
  if (parts.toTag !== undefined) {
    const to = headers.first(toField);
    // Behind the received text, so that nothing else of it changes.
    if (to !== undefined && !to.params.has("tag")) headers.set("To", `${headers.get("To")};tag=${parts.toTag}`);
  }
  // A request that hurried along its timestamp gets it back in the 100 (RFC 3261 §8.2.6.1).
  if (status === 100) headers.copy("Timestamp", request.headers);
  for (const [name, value] of added ?? []) headers.add(name, value);
  return { type: "response", status, reason, headers, body };
}
