/** Cost of SIP messages: one line a result, microseconds each. Run: npm run build && node dist/bench/sip-parse.js */
import { contactField } from "../src/sip/headers/fields.ts";
import { respond, type SipRequest } from "../src/sip/message.ts";
import { parseMessage } from "../src/sip/parse.ts";
import { defaultSdp } from "../src/sip/sdp/media.ts";
import { SdpNegotiator } from "../src/sip/sdp/negotiator.ts";
import { serializeMessage } from "../src/sip/serialize.ts";
import { StreamFramer } from "../src/sip/stream-framer.ts";
import { printCost } from "./report.ts";

/** The INVITE of a desk phone: 15 header lines and an SDP offer of 11. */
function desktopInvite(): Uint8Array {
  const sdp = [
    "v=0",
    "o=- 20518 0 IN IP4 192.0.2.10",
    "s=-",
    "c=IN IP4 192.0.2.10",
    "t=0 0",
    "m=audio 54400 RTP/AVP 9 8 0 101",
    "a=rtpmap:9 G722/8000",
    "a=rtpmap:8 PCMA/8000",
    "a=rtpmap:0 PCMU/8000",
    "a=rtpmap:101 telephone-event/8000",
    "a=fmtp:101 0-16",
    "a=ptime:20",
    "a=sendrecv",
    "",
  ].join("\r\n");
  const head = [
    "INVITE sip:+15550100@gw.example.com SIP/2.0",
    "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK776asdhds;rport",
    "Max-Forwards: 70",
    'From: "Alice Example" <sip:alice@example.com>;tag=8s7d6f5g',
    "To: <sip:+15550100@gw.example.com>",
    "Contact: <sip:alice@192.0.2.10:5060;transport=udp>",
    "Call-ID: 3848276298220188511@192.0.2.10",
    "CSeq: 101 INVITE",
    "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, INFO, UPDATE, PRACK",
    "Supported: replaces, timer, 100rel",
    "Session-Expires: 1800;refresher=uac",
    "Min-SE: 90",
    "User-Agent: Desk Phone 5.1",
    "Content-Type: application/sdp",
    `Content-Length: ${sdp.length}`,
    "",
    "",
  ].join("\r\n");
  return Buffer.from(head + sdp, "latin1");
}

function parseRequest(bytes: Uint8Array): SipRequest {
  const message = parseMessage(bytes);
  if (message.type !== "request") throw new Error("the bench's own INVITE is not read");
  return message;
}

const bytes = desktopInvite();
const invite = parseRequest(bytes);
const local = { address: "192.0.2.200", port: 20000, direction: "sendrecv" } as const;
const zeroes = (size: number): Uint8Array => new Uint8Array(size);
const newNegotiator = (): SdpNegotiator => new SdpNegotiator(defaultSdp, "1", zeroes);
const answer = newNegotiator().answer(invite.body, local);
if (answer.type === "fault") throw new Error("the bench's own offer is not answered");
const ok = respond(invite, 200, { toTag: "a1b2c3d4", body: Buffer.from(answer.sdp, "latin1") });

// Warm by count, not by time: on a busy machine a tenth of a second is too short for the compiler to be done.
for (let i = 0; i < 20_000; i++) {
  const read = parseRequest(bytes);
  serializeMessage(respond(read, 200, { toTag: "a1b2c3d4" }));
  newNegotiator().answer(read.body, local);
  newNegotiator().offer(local);
}

const guide = "target 20, sip.js' grammar 1375";
printCost(`parse INVITE with SDP, ${bytes.length} bytes`, () => void parseRequest(bytes), guide);
printCost("… and read Contact", () => void parseRequest(bytes).headers.first(contactField));
printCost("cut it from a stream", () => void new StreamFramer().push(bytes));
printCost("make a 200 to it", () => void respond(invite, 200, { toTag: "a1b2c3d4" }));
printCost("serialise the 200 with SDP", () => void serializeMessage(ok));
printCost("serialise the INVITE", () => void serializeMessage(invite));
printCost("answer the SDP offer", () => void newNegotiator().answer(invite.body, local));
printCost("make an SDP offer", () => void newNegotiator().offer(local));
