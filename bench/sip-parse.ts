/** Cost of SIP messages: one line a result, microseconds each. Run: npm run build && node dist/bench/sip-parse.js */
import { contactField } from "../src/sip/headers/fields.ts";
import { respond, type SipRequest } from "../src/sip/message.ts";
import { parseMessage } from "../src/sip/parse.ts";
import { defaultSdp } from "../src/sip/sdp/media.ts";
import { SdpNegotiator } from "../src/sip/sdp/negotiator.ts";
import { serializeMessage } from "../src/sip/serialize.ts";
import { StreamFramer } from "../src/sip/stream-framer.ts";
import { printCost } from "./report.ts";
import { typicalInvite } from "./sip-typical.ts";

function parseRequest(bytes: Uint8Array): SipRequest {
  const message = parseMessage(bytes);
  if (message.type !== "request") throw new Error("the bench's own INVITE is not read");
  return message;
}

const bytes = typicalInvite();
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
