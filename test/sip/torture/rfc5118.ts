import { expect } from "vitest";
import { contactField, fromField, viaField } from "../../../src/sip/headers/fields.ts";
import { topVia } from "../../../src/sip/message.ts";
import { parseSdp } from "../../../src/sip/sdp/session.ts";
import { fault, read, type TortureCase } from "./case.ts";

const register = (requestUri: string): string => `REGISTER ${requestUri} SIP/2.0
To: sip:user@example.com
From: sip:user@example.com;tag=81x2
Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111
Call-ID: SSG9559905523997077@hlau_4100
Max-Forwards: 70
Contact: "Caller" <sip:caller@[2001:db8::1]>
CSeq: 98176 REGISTER
Content-Length: 0

`;

const bye = (received: string): string => `BYE sip:user@host.example.com SIP/2.0
To: sip:user@example.com;tag=bd76ya
From: sip:user@example.com;tag=81x2
Via: SIP/2.0/UDP [2001:db8::9:1];received=${received};branch=z9hG4bKas3-111
Call-ID: SSG9559905523997077@hlau_4100
Max-Forwards: 70
CSeq: 321 BYE
Content-Length: 0

`;

const invite = (headers: string, body: string): string => `INVITE sip:user@[2001:db8::10] SIP/2.0
To: sip:user@[2001:db8::10]
From: sip:user@example.com;tag=81x2
${headers}Call-ID: SSG9559905523997077@hlau_4100
Max-Forwards: 70
CSeq: 8612 INVITE
Content-Type: application/sdp
Content-Length: ${Buffer.byteLength(body.replaceAll("\n", "\r\n"))}

${body}`;

const plainHeaders = `Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111
Contact: "Caller" <sip:caller@[2001:db8::1]>
`;

/** RFC 5118 §4: IPv6 addresses where they make trouble. */
export const ipv6Cases: readonly TortureCase[] = [
  read("4.1", "ipv6-good", register("sip:[2001:db8::10]"), (message) => {
    expect(message).toMatchObject({ uri: { host: "[2001:db8::10]", port: undefined } });
    expect(topVia(message)).toMatchObject({ host: "[2001:db8::9:1]", port: undefined });
    expect(message.headers.first(contactField)?.uri).toMatchObject({ host: "[2001:db8::1]" });
  }),
  fault("4.2", "ipv6-bad", "request-uri", register("sip:2001:db8::10")),
  read("4.3", "port-ambiguous", register("sip:[2001:db8::10:5070]"), (message) => {
    expect(message).toMatchObject({ uri: { host: "[2001:db8::10:5070]", port: undefined } });
  }),
  read("4.4", "port-unambiguous", register("sip:[2001:db8::10]:5070"), (message) => {
    expect(message).toMatchObject({ uri: { host: "[2001:db8::10]", port: 5070 } });
  }),
  read("4.5", "via-received-param-with-delim", bye("[2001:db8::9:255]"), (message) => {
    expect(topVia(message).received).toBe("2001:db8::9:255");
  }),
  read("4.5", "via-received-param-no-delim", bye("2001:db8::9:255"), (message) => {
    expect(topVia(message).received).toBe("2001:db8::9:255");
  }),
  read(
    "4.6",
    "ipv6-in-sdp",
    invite(
      plainHeaders,
      `v=0
o=assistant 971731711378798081 0 IN IP6 2001:db8::20
s=Live video feed for today's meeting
c=IN IP6 2001:db8::20
t=3338481189 3370017201
m=audio 6000 RTP/AVP 2
a=rtpmap:2 G726-32/8000
m=video 6024 RTP/AVP 107
a=rtpmap:107 H263-1998/90000
`,
    ),
    (message) => {
      expect(parseSdp(message.body)).toMatchObject({
        connection: "2001:db8::20",
        media: [{ port: 6000 }, { port: 6024 }],
      });
    },
  ),
  read(
    "4.7",
    "mult-ip-in-header",
    bye("[2001:db8::9:255]").replace(
      "Call-ID",
      `Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144
Via: SIP/2.0/TCP [2001:db8::9:255];branch=z9hG4bK451jj;received=192.0.2.200
Call-ID`,
    ),
    ({ headers }) => {
      expect(headers.all(viaField).map(({ host, received }) => `${host} ${received}`)).toEqual([
        "[2001:db8::9:1] 2001:db8::9:255",
        "192.0.2.1 undefined",
        "[2001:db8::9:255] 192.0.2.200",
      ]);
    },
  ),
  read(
    "4.8",
    "mult-ip-in-sdp",
    invite(
      plainHeaders,
      `v=0
o=bob 280744730 28977631 IN IP4 host.example.com
s=
t=0 0
m=audio 22334 RTP/AVP 0
c=IN IP4 192.0.2.1
m=video 6024 RTP/AVP 107
c=IN IP6 2001:db8::1
a=rtpmap:107 H263-1998/90000
`,
    ),
    (message) => {
      expect(parseSdp(message.body)).toMatchObject({
        media: [{ connection: "192.0.2.1" }, { connection: "2001:db8::1" }],
      });
    },
  ),
  read(
    "4.9",
    "ipv4-mapped-ipv6",
    invite(
      `Via: SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19
Via: SIP/2.0/UDP [::ffff:192.0.2.2];branch=z9hG4bKas3-111
Contact: "T. Watson" <sip:twatson@[::ffff:192.0.2.2]>
`,
      `v=0
o=assistant 971731711378798081 0 IN IP6 ::ffff:192.0.2.2
s=Call me soon, please!
c=IN IP6 ::ffff:192.0.2.2
t=3338481189 3370017201
m=audio 6000 RTP/AVP 2
a=rtpmap:2 G726-32/8000
`,
    ),
    (message) => {
      expect(topVia(message)).toMatchObject({ host: "[::ffff:192.0.2.10]", port: 19823 });
      expect(parseSdp(message.body)).toMatchObject({ connection: "::ffff:192.0.2.2" });
    },
  ),
  // RFC 3261's own grammar allowed three colons here; RFC 5954 mended it, and what follows it is refused.
  fault(
    "4.10",
    "ipv6-bug-abnf-3-colons",
    "request-uri",
    register("sip:user@[2001:db8:::192.0.2.1]").replaceAll("REGISTER", "OPTIONS"),
  ),
  read("4.10", "ipv6-correct-abnf-2-colons", register("sip:user@[2001:db8::192.0.2.1]"), (message) => {
    expect(message).toMatchObject({ uri: { host: "[2001:db8::192.0.2.1]" } });
    expect(message.headers.first(fromField)?.uri).toMatchObject({ host: "example.com" });
  }),
];
