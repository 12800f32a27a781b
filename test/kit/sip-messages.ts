import type { Hop } from "../../src/sip/hop.ts";
import { respond, type SipRequest, type SipResponse } from "../../src/sip/message.ts";
import { parseMessage } from "../../src/sip/parse.ts";

/** A request as a far end would send it; `extra` are further header lines, `body` is SDP when it is there. */
export function sipRequest(
  method: string,
  parts: {
    branch?: string;
    transport?: string;
    cseq?: number;
    toTag?: string;
    extra?: string[];
    body?: string;
    uri?: string;
    callId?: string;
    fromTag?: string;
  } = {},
): SipRequest {
  const {
    branch = "z9hG4bKtest",
    transport = "UDP",
    cseq = 1,
    toTag,
    extra = [],
    body = "",
    uri = "sip:bob@192.0.2.2",
  } = parts;
  const lines = [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/${transport} 192.0.2.1:5060;branch=${branch};rport`,
    "Max-Forwards: 70",
    `From: <sip:alice@example.com>;tag=${parts.fromTag ?? "alice"}`,
    `To: <sip:bob@example.com>${toTag === undefined ? "" : `;tag=${toTag}`}`,
    `Call-ID: ${parts.callId ?? "call-1"}`,
    `CSeq: ${cseq} ${method}`,
    "Contact: <sip:alice@192.0.2.1:5060>",
    ...extra,
    ...(body === "" ? [] : ["Content-Type: application/sdp"]),
    `Content-Length: ${Buffer.byteLength(body)}`,
    "",
    body,
  ];
  const message = parseMessage(Buffer.from(lines.join("\r\n"), "utf8"));
  if (message.type !== "request") throw new Error(JSON.stringify(message));
  return message;
}

/** A response of the far end. */
export function sipResponse(request: SipRequest, status: number, toTag = "bob"): SipResponse {
  return respond(request, status, { toTag });
}

/** Where the far end of these tests lives. */
export const farHop: Hop = { transport: "UDP", address: "192.0.2.1", port: 5060 };
