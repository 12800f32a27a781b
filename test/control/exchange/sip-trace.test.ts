import { describe, expect, test } from "vitest";
import { callerAddress, callMetadata } from "../../../src/control/exchange/call-headers.ts";
import { defaultSipTrace, SipTrace, type SipTraceOptions } from "../../../src/control/exchange/sip-trace.ts";
import { viewEntry } from "../../../src/control/exchange/sip-trace-view.ts";
import type { CallId } from "../../../src/kit/ids.ts";
import type { Hop } from "../../../src/sip/hop.ts";
import { respond, type SipMessage, type SipRequest } from "../../../src/sip/message.ts";
import { parseMessage } from "../../../src/sip/parse.ts";
import { serializeMessage } from "../../../src/sip/serialize.ts";
import { SeededRandom } from "../../kit/seeded-random.ts";
import { sipRequest } from "../../kit/sip-messages.ts";
import { mutate } from "../../sip/mutate.ts";

const hop: Hop = { transport: "UDP", address: "192.0.2.1", port: 5060 };
const wall = Date.UTC(2026, 10, 22);

/** A trace with a hand on its clock. */
function traceWith(change: Partial<SipTraceOptions> = {}) {
  const trace = new SipTrace({ ...defaultSipTrace, ...change });
  let now = 0;
  const add = (direction: "in" | "out", message: SipMessage, from = hop): void => {
    trace.record(direction, message, from, { now, wall: wall + now });
    now += 10;
  };
  return {
    trace,
    add,
    views: (id = "call-1") => (trace.dialog(id)?.entries ?? []).map((entry) => viewEntry(id, entry)),
    setNow: (ms: number) => {
      now = ms;
    },
  };
}

const text = (lines: string[], body = ""): SipMessage => {
  const message = parseMessage(Buffer.from([...lines, "", body].join("\r\n")));
  if (message.type === "fault") throw new Error(message.detail);
  return message;
};

const request = (lines: string[]): SipRequest => {
  const message = text(lines);
  if (message.type !== "request") throw new Error("a response");
  return message;
};

const sdp = (lines: string[]): string => ["v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "t=0 0", ...lines, ""].join("\r\n");

describe("SIP trace, ladder", () => {
  test("SIP trace: a call's messages in order, with peer, transport and what the SDP says", () => {
    const { add, views } = traceWith();
    const invite = sipRequest("INVITE", {
      body: sdp([
        "m=audio 4000 RTP/AVP 0 111 101",
        "a=rtpmap:111 opus/48000/2",
        "a=rtpmap:101 telephone-event/8000",
        "a=sendonly",
      ]),
    });
    add("in", invite);
    add("out", respond(invite, 180, { toTag: "t" }));
    add("out", respond(invite, 200, { toTag: "t" }), { transport: "TLS", address: "2001:db8::1", port: 5061 });
    const bye = sipRequest("BYE", { cseq: 2, toTag: "t" });
    add("in", bye);
    add("out", respond(bye, 200));
    expect(views().map(({ raw: _, ...view }) => view)).toEqual([
      {
        sipCallId: "call-1",
        at: wall,
        direction: "in",
        transport: "UDP",
        peer: "192.0.2.1:5060",
        summary: "INVITE sip:bob@192.0.2.2 (PCMU, opus, sendonly)",
      },
      {
        sipCallId: "call-1",
        at: wall + 10,
        direction: "out",
        transport: "UDP",
        peer: "192.0.2.1:5060",
        summary: "180 Ringing",
      },
      {
        sipCallId: "call-1",
        at: wall + 20,
        direction: "out",
        transport: "TLS",
        peer: "[2001:db8::1]:5061",
        summary: "200 OK",
      },
      {
        sipCallId: "call-1",
        at: wall + 30,
        direction: "in",
        transport: "UDP",
        peer: "192.0.2.1:5060",
        summary: "BYE sip:bob@192.0.2.2",
      },
      {
        sipCallId: "call-1",
        at: wall + 40,
        direction: "out",
        transport: "UDP",
        peer: "192.0.2.1:5060",
        summary: "200 OK to BYE",
      },
    ]);
    expect(views()[0]?.raw).toMatch(/^INVITE sip:bob@192.0.2.2 SIP\/2.0\r\nVia: [\s\S]*\r\n\r\nv=0\r\n/);
    expect(views()[1]?.raw).toContain("\r\nContent-Length: 0\r\n");
  });

  test.each([
    ["a stream refused", ["m=audio 0 RTP/AVP 8"], "PCMA, refused"],
    ["SRTP", ["m=audio 4000 RTP/SAVP 9"], "G722, SRTP"],
    ["the session's direction", ["a=inactive", "m=audio 4000 RTP/AVP 0"], "PCMU, inactive"],
    [
      "another section's direction is not the audio's",
      ["m=audio 4000 RTP/AVP 0", "m=video 5 RTP/AVP 96", "a=recvonly"],
      "PCMU",
    ],
    ["types nobody knows", ["m=audio 4000 RTP/AVP 77"], "77"],
  ])("SIP trace: the hint tells %s", (_what, lines, hint) => {
    const { add, views } = traceWith();
    add("in", sipRequest("INVITE", { body: sdp(lines) }));
    expect(views()[0]?.summary).toBe(`INVITE sip:bob@192.0.2.2 (${hint})`);
  });

  test("SIP trace: times go on when the date is set back", () => {
    const { trace, views } = traceWith();
    trace.record("in", sipRequest("INVITE"), hop, { now: 0, wall });
    trace.record("in", sipRequest("ACK"), hop, { now: 7.5, wall: wall - 60_000 });
    expect(views().map(({ at }) => at - wall)).toEqual([0, 7.5]);
  });

  test("SIP trace: a summary holds nothing a terminal would obey, and ends somewhere", () => {
    const { add, views } = traceWith();
    const bad = text([
      "SIP/2.0 200 \u009b2J\u202eOK",
      "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
      "From: <sip:a@b>;tag=a",
      "To: <sip:a@b>;tag=b",
      "Call-ID: call-1",
      "CSeq: 1 INVITE",
    ]);
    add("in", bad);
    add("in", sipRequest("INVITE", { uri: `sip:${"x".repeat(500)}@example.com` }));
    expect(views()[0]?.summary).toBe("200 ?2J?OK");
    expect(views()[1]?.summary.length).toBe(120);
  });
});

describe("SIP trace, list", () => {
  test("SIP trace: calls that were refused are listed too, with their status", () => {
    const { trace, add } = traceWith();
    const refused = sipRequest("INVITE", { callId: "stranger" });
    add("in", refused);
    add("out", respond(refused, 403, { toTag: "t" }));
    const register = sipRequest("REGISTER", { callId: "phone" });
    add("in", register);
    add("out", respond(register, 401, { toTag: "t" }));
    const again = sipRequest("REGISTER", { callId: "phone", cseq: 2 });
    add("in", again);
    add("out", respond(again, 200, { toTag: "t" }));
    expect(
      trace.latest(10).map(({ sipCallId, method, status, entries }) => [sipCallId, method, status, entries.length]),
    ).toEqual([
      ["phone", "REGISTER", 200, 4],
      ["stranger", "INVITE", 403, 2],
    ]);
    expect(trace.latest(1).length).toBe(1);
    expect(trace.latest(10)[1]).toMatchObject({ from: "sip:alice@example.com", to: "sip:bob@example.com" });
  });

  test("SIP trace: a call of ours may have several Call-IDs", () => {
    const { trace, add } = traceWith();
    for (const callId of ["first", "second", "third"]) add("out", sipRequest("INVITE", { callId }));
    const call = "call_00000000000000000000000000" as CallId;
    trace.assign("first", call);
    trace.assign("third", call);
    trace.assign("to-come", call);
    expect(trace.dialogsOf(call).map(({ sipCallId }) => sipCallId)).toEqual(["first", "third"]);
    add("out", sipRequest("INVITE", { callId: "to-come" }));
    expect(trace.dialogsOf(call).map(({ sipCallId }) => sipCallId)).toEqual(["first", "third", "to-come"]);
  });
});

describe("SIP trace, bounds", () => {
  test("SIP trace: of one Call-ID the latest 200 messages stay, and the rest is counted", () => {
    const { trace, add, views } = traceWith();
    for (let cseq = 1; cseq <= 450; cseq++) add("in", sipRequest("OPTIONS", { cseq }));
    expect(views().length).toBe(200);
    expect(trace.dialog("call-1")?.dropped).toBe(250);
    expect(views().at(-1)?.raw).toContain("CSeq: 450 OPTIONS");
  });

  test("SIP trace: the longest silent Call-ID goes first", () => {
    const { trace, add } = traceWith({ maxDialogs: 12 });
    for (const callId of ["a", "b", "c"]) add("in", sipRequest("OPTIONS", { callId }));
    add("in", sipRequest("OPTIONS", { callId: "a", cseq: 2 }));
    add("in", sipRequest("OPTIONS", { callId: "d" }));
    expect(trace.latest(10).map(({ sipCallId }) => sipCallId)).toEqual(["d", "a", "c"]);
  });

  test("SIP trace: a scanner's thousands of Call-IDs push no answered call out", () => {
    const { trace, add } = traceWith();
    const call = sipRequest("INVITE", { callId: "ours" });
    add("in", call);
    add("out", respond(call, 200, { toTag: "t" }));
    for (let i = 0; i < 5000; i++) {
      add("in", sipRequest(i % 2 === 0 ? "INVITE" : "REGISTER", { callId: `scan-${i}` }));
    }
    expect(trace.dialog("ours")?.entries.length).toBe(2);
    expect(trace.counts.dialogs).toBe(1001);
  });

  test("SIP trace: memory ends where it is said, also with the longest of messages", () => {
    const maxBytes = 1024 * 1024;
    const { trace, add } = traceWith({ maxBytes, maxDialogBytes: 128 * 1024 });
    for (let i = 0; i < 400; i++) {
      const extra = Array.from({ length: 7 }, (_, at) => `X-Long-${at}: ${"y".repeat(4000)}`);
      add("in", sipRequest("INVITE", { callId: `long-${i % 40}`, cseq: i + 1, extra }));
    }
    expect(trace.counts.bytes).toBeLessThanOrEqual(maxBytes / 4);
    expect(trace.counts.bytes).toBeGreaterThan(maxBytes / 16);
    let counted = 0;
    for (const { entries } of trace.latest(2000)) for (const { raw } of entries) counted += raw.length;
    expect(counted).toBeLessThan(trace.counts.bytes);
  });

  test("SIP trace: a message beyond the bound loses its end and says so", () => {
    const { add, views } = traceWith({ maxMessageBytes: 1000 });
    add("in", sipRequest("INVITE", { extra: [`X-Long: ${"é".repeat(2000)}`] }));
    expect(views()[0]?.raw).toMatch(/é\r\n\[4\d\d\d bytes in all\]$/);
    expect(Buffer.byteLength(views()[0]?.raw ?? "")).toBeLessThanOrEqual(1000 + 30);
  });
});

describe("SIP trace, secrets", () => {
  const rawOf = (message: SipMessage): string => {
    const { add, views, trace } = traceWith();
    add("in", message);
    return views(trace.latest(1)[0]?.sipCallId)[0]?.raw ?? "";
  };

  test.each([
    [
      "Authorization",
      'Digest username="alice", realm="r", nonce="n0nce", uri="sip:b", response="0123456789abcdef", cnonce="c"',
    ],
    ["Proxy-Authorization", 'Digest username="alice",response = 0123456789abcdef,realm="r"'],
    ["proxy-authorization", 'digest response="0123456789abcdef'],
    ["Authorization", "Basic 0123456789abcdef"],
    ["Authorization", "0123456789abcdef"],
    ["Authentication-Info", 'qop=auth, rspauth="0123456789abcdef"'],
    ["Contact", "<sip:alice:0123456789abcdef@192.0.2.1>"],
    ["X-Way", "sips:a:0123456789abcdef@b, sip:x@y, SIP:c:0123456789abcdef@d:5060"],
  ])("SIP trace: %s loses its secret: %s", (name, value) => {
    const lines = [`${name}: ${value}`];
    const raw = rawOf(sipRequest("OPTIONS", { extra: lines }));
    expect(raw).not.toContain("0123456789abcdef");
    expect(raw).toContain("***");
  });

  test("SIP trace: what is no secret of a digest stays, so that a refusal can be understood", () => {
    const value = 'Digest username="alice", realm="r", nonce="n0nce", response="0123", qop=auth, nc=00000001';
    expect(rawOf(sipRequest("REGISTER", { extra: [`Authorization: ${value}`] }))).toContain(
      'Authorization: Digest username="alice", realm="r", nonce="n0nce", response="***", qop=auth, nc=00000001\r\n',
    );
  });

  test("SIP trace: addresses with ports, and at signs elsewhere, are left alone", () => {
    const lines = ["X-Way: <sip:host:5060>, sip:alice@host:5061", "X-Mail: a:b@c"];
    expect(rawOf(sipRequest("OPTIONS", { extra: lines }))).toContain(lines.join("\r\n"));
  });

  test("SIP trace: SRTP and ICE keys are masked, the suites stay (RFC 4568)", () => {
    const key = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";
    const raw = rawOf(
      sipRequest("INVITE", {
        body: sdp([
          "m=audio 4000 RTP/SAVP 0",
          `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${key}|2^20|1:4;inline:${key}`,
          `a=crypto:2 AEAD_AES_128_GCM  inline: ${key}`,
          `k=base64:${key}`,
          `a=key-mgmt:mikey ${key}`,
          `a=ice-pwd:${key}`,
        ]),
      }),
    );
    expect(raw).not.toContain(key);
    expect(raw).toContain("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:***\r\n");
    expect(raw).toContain("a=crypto:2 AEAD_AES_128_GCM");
  });

  test.each([
    ["MESSAGE", "text/plain", "meet me at seven"],
    ["MESSAGE", "application/sdp", "meet me at seven"],
    ["INFO", "application/dtmf-relay", "Signal=7 meet me at seven"],
    ["INFO", "multipart/mixed;boundary=x", "--x\r\nContent-Type: text/plain\r\n\r\nmeet me at seven\r\n--x--\r\n"],
  ])("SIP trace: what people write or dial is not kept: %s with %s", (method, type, body) => {
    const raw = rawOf(
      text(
        [
          `${method} sip:b@192.0.2.2 SIP/2.0`,
          "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
          "From: <sip:a@b>;tag=a",
          "To: <sip:a@b>",
          "Call-ID: m",
          `CSeq: 1 ${method}`,
          `Content-Type: ${type}`,
          `Content-Length: ${body.length}`,
        ],
        body,
      ),
    );
    expect(raw).not.toContain("seven");
    expect(raw).toContain(`[${body.length} bytes of ${type.split(";")[0]} are not kept]`);
  });

  test("SIP trace: of a multipart body the SDP alone is kept", () => {
    const part = sdp(["m=audio 4000 RTP/AVP 0"]);
    const body = `--x\r\nContent-Type: application/sdp\r\n\r\n${part}\r\n--x\r\nContent-Type: text/plain\r\n\r\nseven\r\n--x--\r\n`;
    const { add, views } = traceWith();
    add(
      "in",
      text(
        [
          "INVITE sip:b@192.0.2.2 SIP/2.0",
          "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
          "From: <sip:a@b>;tag=a",
          "To: <sip:a@b>",
          "Call-ID: call-1",
          "CSeq: 1 INVITE",
          "Contact: <sip:a@b>",
          "Content-Type: multipart/mixed;boundary=x",
          `Content-Length: ${body.length}`,
        ],
        body,
      ),
    );
    expect(views()[0]?.raw).not.toContain("seven");
    expect(views()[0]?.summary).toBe("INVITE sip:b@192.0.2.2 (PCMU)");
  });

  test("SIP trace: a number its caller withholds stands nowhere in the dialog (RFC 3325 §9.3)", () => {
    const { trace, add, views } = traceWith();
    const invite = request([
      "INVITE sip:+15550100@192.0.2.2 SIP/2.0",
      "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
      'From: "Ann" <sip:+15557777@carrier.example>;tag=a',
      "To: <sip:+15550100@192.0.2.2>",
      "Call-ID: call-1",
      "CSeq: 1 INVITE",
      "Contact: <sip:15557777@192.0.2.1>",
      "P-Asserted-Identity: <tel:+15557778>",
      "Identity: eyJhbGciOi.J9;info=<https://c.example>",
      "Privacy: id;critical",
      "Content-Length: 0",
    ]);
    add("in", invite);
    add("out", respond(invite, 200, { toTag: "t" }));
    add(
      "out",
      text([
        "BYE sip:15557777@192.0.2.1 SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK2",
        "From: <sip:+15550100@192.0.2.2>;tag=t",
        "To: <sip:+15557777@carrier.example>;tag=a",
        "Call-ID: call-1",
        "CSeq: 1 BYE",
      ]),
    );
    const all = JSON.stringify([views(), trace.latest(1)[0]?.from]);
    expect(all).not.toMatch(/5557777|5557778|eyJhb/);
    expect(all).toContain("+15550100");
  });

  test("SIP trace: bent messages are kept, and their metadata read, without a throw and without the secrets", () => {
    const secret = "0123456789abcdef0123456789abcdef";
    const header = `Authorization: Digest username="alice", realm="r", nonce="n", uri="sip:b", response="${secret}"`;
    const key = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";
    const crypto = `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${key}`;
    const invite = sipRequest("INVITE", {
      extra: [
        header,
        "Diversion: <sip:+15550122@x>;reason=busy",
        "History-Info: <sip:a@b?Reason=SIP>;index=1",
        "X-A: b",
        "Privacy: id",
      ],
      body: sdp(["m=audio 4000 RTP/SAVP 0", crypto]),
    });
    const whole = serializeMessage(invite);
    const random = new SeededRandom(7118);
    let kept = 0;
    for (let i = 0; i < 5000; i++) {
      const message = parseMessage(mutate([whole], random));
      if (message.type === "fault") continue;
      const { trace, add } = traceWith();
      add("in", message);
      const dialog = trace.latest(1)[0]!;
      const view = viewEntry(dialog.sipCallId, dialog.entries[0]!);
      expect(view.summary).not.toMatch(/\p{Cc}/u);
      if (message.type === "request") {
        const found = callMetadata(message, callerAddress(message, true)).metadata;
        expect(Object.values(found).every((value) => value.length <= 500)).toBe(true);
      }
      // Where the header's name was not hit, the secret is gone, whatever was done to its value.
      const lines = view.raw.split("\r\n").filter((line) => line.startsWith("Authorization: Digest "));
      for (const line of lines) expect(line).not.toContain(secret);
      if (Buffer.from(message.body).includes(`\r\n${crypto}`)) expect(view.raw).not.toContain(crypto);
      kept++;
    }
    expect(kept).toBeGreaterThan(300);
  });

  test("SIP trace: a line full of at signs and schemes takes no time to speak of", () => {
    const raw = rawOf(
      sipRequest("OPTIONS", { extra: [`X-Bad: ${"sip:".repeat(1000)}`, `X-Worse: ${"sip:a:b@".repeat(1000)}`] }),
    );
    expect(raw.match(/\*\*\*/g)?.length).toBe(1000);
  });
});
