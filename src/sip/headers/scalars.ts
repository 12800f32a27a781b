import type { HeaderField } from "./field.ts";
import { isToken, maxUint32, readNumber } from "./scan.ts";

/** Sequence number and method of a request (RFC 3261 §20.16). */
export interface CSeq {
  /** Below 2^31 (RFC 3261 §8.1.1.5). */
  readonly seq: number;
  readonly method: string;
}

/** CSeq (RFC 3261 §20.16). */
export const cseqField: HeaderField<CSeq> = {
  name: "CSeq",
  parse(text) {
    const match = /^(\d{1,20})[ \t]+(\S+)$/.exec(text);
    const seq = readNumber(match?.[1] ?? "", 0x7fff_ffff);
    const method = match?.[2] ?? "";
    return seq === undefined || !isToken(method) ? undefined : { seq, method };
  },
  write: ({ seq, method }) => `${seq} ${method}`,
};

/** What a PRACK acknowledges (RFC 3262 §7.2). */
export interface RAck {
  readonly rseq: number;
  readonly cseq: CSeq;
}

/** RAck (RFC 3262 §7.2). */
export const rackField: HeaderField<RAck> = {
  name: "RAck",
  parse(text) {
    const match = /^(\d{1,20})[ \t]+(.*)$/.exec(text);
    const rseq = readNumber(match?.[1] ?? "", maxUint32);
    const cseq = cseqField.parse(match?.[2] ?? "");
    return rseq === undefined || cseq === undefined ? undefined : { rseq, cseq };
  },
  write: ({ rseq, cseq }) => `${rseq} ${cseqField.write(cseq)}`,
};

function numberField(name: string, max: number): HeaderField<number> {
  return { name, parse: (text) => readNumber(text, max), write: String };
}

/** Max-Forwards: hops left, 0–255 (RFC 3261 §20.22). */
export const maxForwardsField = numberField("Max-Forwards", 255);
/** Content-Length in bytes (RFC 3261 §20.14). */
export const contentLengthField = numberField("Content-Length", 0x7fff_ffff);
/** RSeq of a reliable provisional response (RFC 3262 §7.1). */
export const rseqField = numberField("RSeq", maxUint32);
/** Min-Expires in seconds (RFC 3261 §20.23). */
export const minExpiresField = numberField("Min-Expires", maxUint32);

/** Expires in seconds (RFC 3261 §20.19); too large a number means the largest (RFC 4475 §3.1.2.4). */
export const expiresField: HeaderField<number> = {
  name: "Expires",
  parse: (text) => (/^\d{1,64}$/.test(text) ? Math.min(Number(text), maxUint32) : undefined),
  write: String,
};

/** Call-ID: `word [ "@" word ]`, compared byte by byte (RFC 3261 §20.8). */
export const callIdField: HeaderField<string> = {
  name: "Call-ID",
  parse: (text) => (/^[\x21-\x7e]+$/.test(text) ? text : undefined),
  write: (value) => value,
};

function tokenField(name: string): HeaderField<string> {
  return { name, parse: (text) => (isToken(text) ? text : undefined), write: (value) => value };
}

/** Option tags that must be understood (RFC 3261 §20.32). */
export const requireField = tokenField("Require");
/** Option tags a proxy must understand (RFC 3261 §20.29). */
export const proxyRequireField = tokenField("Proxy-Require");
/** Option tags that are understood (RFC 3261 §20.37). */
export const supportedField = tokenField("Supported");

/** Privacy: its levels (`id`, `header`, `user`, `none` …) from one `;`-separated value (RFC 3323 §4.2). */
export const privacyField: HeaderField<readonly string[]> = {
  name: "Privacy",
  parse(text) {
    const levels = text.split(";", 16).map((level) => level.trim().toLowerCase());
    return levels.every(isToken) ? levels : undefined;
  },
  write: (levels) => levels.join(";"),
};
