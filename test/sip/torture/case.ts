import type { SipFaultKind, SipMessage } from "../../../src/sip/message.ts";

/** What is to become of a torture message. */
export type Verdict =
  /** It is read; `look` may check what was understood. */
  | { readonly type: "read"; readonly look?: (message: SipMessage) => void }
  /** It is refused, with this status when it can be answered at all. */
  | { readonly type: "fault"; readonly kind: SipFaultKind; readonly respondWith?: number };

/** One message of a torture test. */
export interface TortureCase {
  /** The RFC's short name. */
  readonly name: string;
  readonly section: string;
  readonly bytes: Uint8Array;
  readonly verdict: Verdict;
}

/** Bytes of a message written with bare line feeds, as UTF-8. */
export function wire(text: string): Uint8Array {
  return Buffer.from(text.replaceAll("\n", "\r\n"), "utf8");
}

/** The description most messages carry: 142 bytes and the address. */
export function sdp(address: string, time = "0 0"): string {
  return `v=0
o=mhandley 29739 7272939 IN IP4 ${address}
s=-
c=IN IP4 ${address}
t=${time}
m=audio 49217 RTP/AVP 0 12
m=video 3227 RTP/AVP 31
a=rtpmap:31 LPC
`;
}

/** A message that is read. */
export function read(
  section: string,
  name: string,
  text: string | Uint8Array,
  look?: (m: SipMessage) => void,
): TortureCase {
  return { section, name, bytes: typeof text === "string" ? wire(text) : text, verdict: { type: "read", look } };
}

/** A request that is refused with 400 or another status; undefined status: dropped, as responses are. */
export function fault(
  section: string,
  name: string,
  kind: SipFaultKind,
  text: string,
  respondWith: number | undefined = 400,
): TortureCase {
  return { section, name, bytes: wire(text), verdict: { type: "fault", kind, respondWith } };
}

/** A response that is dropped. */
export function dropped(section: string, name: string, kind: SipFaultKind, text: string): TortureCase {
  return { section, name, bytes: wire(text), verdict: { type: "fault", kind } };
}
