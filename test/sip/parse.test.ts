import { describe, expect, test } from "vitest";
import { typicalInvite } from "../../bench/sip-typical.ts";
import { contactField, viaField } from "../../src/sip/headers/fields.ts";
import { cseqOf, fromTag, respond, sipCallIdOf, topVia, toTag } from "../../src/sip/message.ts";
import { messageBounds, parseMessage } from "../../src/sip/parse.ts";
import { serializeMessage } from "../../src/sip/serialize.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text.replaceAll("\n", "\r\n"), "utf8");
const textOf = (data: Uint8Array): string => Buffer.from(data).toString("utf8");

const options = (extra = "", requestLine = "OPTIONS sip:bob@example.com SIP/2.0"): string => `${requestLine}
Via: SIP/2.0/UDP client.example.com:5060;branch=z9hG4bK1;rport
Max-Forwards: 70
From: <sip:alice@example.com>;tag=a
To: <sip:bob@example.com>
Call-ID: 1@example.com
CSeq: 1 OPTIONS
${extra}
`;

function parseRequest(text: string) {
  const message = parseMessage(bytes(text));
  if (message.type !== "request") throw new Error(JSON.stringify(message));
  return message;
}

describe("SIP parser", () => {
  test("SIP parser: an INVITE with SDP gives its method, addresses and body", () => {
    const message = parseMessage(typicalInvite());
    if (message.type !== "request") throw new Error(JSON.stringify(message));
    expect(message.method).toBe("INVITE");
    expect(message.uri).toMatchObject({ type: "sip", rawUser: "+15550100", host: "gw.example.com" });
    expect(topVia(message)).toMatchObject({ transport: "UDP", host: "192.0.2.10", port: 5060, rport: true });
    expect(fromTag(message)).toBe("8s7d6f5g");
    expect(toTag(message)).toBeUndefined();
    expect(cseqOf(message)).toEqual({ seq: 101, method: "INVITE" });
    expect(sipCallIdOf(message)).toBe("3848276298220188511@192.0.2.10");
    expect(textOf(message.body).startsWith("v=0\r\n")).toBe(true);
  });

  test("SIP parser: compact names, folds and lists come out as if they were written in full (RFC 3261 §7.3)", () => {
    const message = parseRequest(`OPTIONS sip:bob@example.com SIP/2.0
v: SIP/2.0/UDP a.example.com;branch=z9hG4bKa ,
 SIP/2.0/TCP b.example.com;branch=z9hG4bKb
VIA: SIP / 2.0 / TLS c.example.com
f: <sip:alice@example.com>;tag=a
t : <sip:bob@example.com>
i: 1@example.com
CSEQ: 1 OPTIONS
m: "a, b" <sip:a@example.com>, <sip:b@example.com;x=1,2>
Subject: one, two

`);
    expect(message.headers.all(viaField).map((via) => via.host)).toEqual([
      "a.example.com",
      "b.example.com",
      "c.example.com",
    ]);
    expect(message.headers.all(contactField).map((contact) => contact.displayName)).toEqual(["a, b", undefined]);
    expect(message.headers.getAll("subject")).toEqual(["one, two"]);
    expect([...message.headers][0]).toEqual([
      "Via",
      "SIP/2.0/UDP a.example.com;branch=z9hG4bKa , SIP/2.0/TCP b.example.com;branch=z9hG4bKb",
    ]);
  });

  test("SIP parser: a header of unknown name keeps its spelling and is found in any case", () => {
    const { headers } = parseRequest(options("X-Account-ID: 7\n"));
    expect(headers.get("x-account-id")).toBe("7");
    expect([...headers].at(-1)).toEqual(["X-Account-ID", "7"]);
  });

  test("SIP parser: line breaks before the start line are ignored (RFC 3261 §7.5)", () => {
    expect(parseMessage(bytes(`\n\n${options()}`)).type).toBe("request");
    expect(parseMessage(bytes("\n".repeat(100) + options())).type).toBe("fault");
  });

  test("SIP parser: bytes beyond Content-Length are cut off, missing ones are refused (RFC 3261 §18.3)", () => {
    const long = parseMessage(bytes(`${options("Content-Length: 2\n")}abcd`));
    expect(long.type === "request" && textOf(long.body)).toBe("ab");
    const short = parseMessage(bytes(`${options("Content-Length: 5\n")}abcd`));
    expect(short).toMatchObject({ type: "fault", kind: "content-length", respondWith: 400 });
  });

  test("SIP parser: a single carriage return or line feed in the headers is a fault, not a new header", () => {
    for (const smuggled of ["X-A: 1\rX-B: 2\r\n", "X-A: 1\nX-B: 2\r\n"]) {
      const message = textOf(bytes(options())).replace(/\r\n\r\n$/, `\r\n${smuggled}\r\n`);
      expect(parseMessage(Buffer.from(message))).toMatchObject({ type: "fault", kind: "header-line" });
    }
  });

  test("SIP parser: a refused request can still be answered, a refused ACK or response is dropped", () => {
    const bad = options().replace("CSeq: 1 OPTIONS", "CSeq: x OPTIONS");
    const found = parseMessage(bytes(bad));
    if (found.type !== "fault" || found.request === undefined) throw new Error("no fault");
    expect(found.respondWith).toBe(400);
    expect(textOf(serializeMessage(respond(found.request, 400, { toTag: "z" })))).toContain("CSeq: x OPTIONS\r\n");
    const ack = parseMessage(bytes(bad.replaceAll("OPTIONS", "ACK")));
    expect(ack).toMatchObject({ type: "fault", kind: "header-value" });
    expect(ack).not.toHaveProperty("respondWith");
    const response = parseMessage(bytes(options("", "SIP/2.0 99 Low")));
    expect(response).toMatchObject({ type: "fault", kind: "status" });
    expect(response).not.toHaveProperty("respondWith");
  });

  test("SIP parser: each bound has its fault", () => {
    const kindOf = (text: string) => {
      const message = parseMessage(bytes(text));
      return message.type === "fault" ? message.kind : message.type;
    };
    expect(kindOf(options("X: 1\n".repeat(messageBounds.headerLines - 6)))).toBe("request");
    expect(kindOf(options("X: 1\n".repeat(messageBounds.headerLines - 5)))).toBe("too-large");
    expect(kindOf(options(`X: ${"a".repeat(messageBounds.lineChars)}\n`))).toBe("too-large");
    expect(kindOf(options(`X: ${"a".repeat(8000)}\n`.repeat(5)))).toBe("too-large");
    expect(parseMessage(new Uint8Array(messageBounds.messageBytes + 1))).toMatchObject({ kind: "too-large" });
    expect(kindOf(options(`Via: ${"SIP/2.0/UDP h,".repeat(200)}SIP/2.0/UDP h\n`))).toBe("header-value");
    expect(kindOf(options(`Contact: <sip:h>${";a".repeat(2)}\n`))).toBe("header-value");
    const many = Array.from({ length: 65 }, (_, i) => `;p${i}`).join("");
    expect(kindOf(options(`Contact: <sip:h>${many}\n`))).toBe("header-value");
    expect(kindOf("")).toBe("incomplete");
    expect(kindOf("OPTIONS sip:a SIP/2.0\n")).toBe("incomplete");
    expect(kindOf("GET / HTTP/1.1\nHost: a\n\n")).toBe("start-line");
  });
});

describe("SIP response", () => {
  test("respond: copies Via, From, To, Call-ID and CSeq, and tags To once (RFC 3261 §8.2.6.2)", () => {
    const request = parseRequest(options());
    const ok = respond(request, 200, { toTag: "t1" });
    expect(textOf(serializeMessage(ok))).toBe(
      textOf(
        bytes(`SIP/2.0 200 OK
Via: SIP/2.0/UDP client.example.com:5060;branch=z9hG4bK1;rport
From: <sip:alice@example.com>;tag=a
To: <sip:bob@example.com>;tag=t1
Call-ID: 1@example.com
CSeq: 1 OPTIONS
Content-Length: 0

`),
      ),
    );
    const inDialog = parseRequest(options().replace("bob@example.com>\nCall", "bob@example.com>;tag=mine\nCall"));
    expect(toTag(respond(inDialog, 200, { toTag: "other" }))).toBe("mine");
  });
});
