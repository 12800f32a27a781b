import { describe, expect, test } from "vitest";
import { respond, type SipMessage } from "../../src/sip/message.ts";
import { parseMessage } from "../../src/sip/parse.ts";
import { serializeMessage } from "../../src/sip/serialize.ts";
import type { TortureCase } from "./torture/case.ts";
import { invalidCases } from "./torture/rfc4475-invalid.ts";
import { semanticCases } from "./torture/rfc4475-semantics.ts";
import { validCases } from "./torture/rfc4475-valid.ts";
import { ipv6Cases } from "./torture/rfc5118.ts";

function judge({ bytes, verdict }: TortureCase): void {
  const found = parseMessage(bytes);
  if (verdict.type === "fault") {
    const { type, kind, respondWith } = found.type === "fault" ? found : { type: found.type };
    expect({ type, kind, respondWith }).toEqual({
      type: "fault",
      kind: verdict.kind,
      respondWith: verdict.respondWith,
    });
    if (found.type === "fault" && found.request !== undefined) {
      const refusal = Buffer.from(serializeMessage(respond(found.request, found.respondWith!))).toString("utf8");
      expect(refusal).toMatch(new RegExp(`^SIP/2.0 ${verdict.respondWith} `));
    }
    return;
  }
  if (found.type === "fault") throw new Error(`${found.kind}: ${found.detail}`);
  verdict.look?.(found);
  comesBack(found);
}

/** What was read is written, and read again the same. */
function comesBack(message: SipMessage): void {
  const again = parseMessage(serializeMessage(message));
  if (again.type === "fault") throw new Error(`written: ${again.kind}: ${again.detail}`);
  const plain = (read: SipMessage) => ({
    start: read.type === "request" ? [read.method, read.uri] : [read.status, read.reason],
    headers: [...read.headers].filter(([name]) => name !== "Content-Length"),
    body: Buffer.from(read.body).toString("latin1"),
  });
  expect(plain(again)).toEqual(plain(message));
}

describe("SIP torture messages of RFC 4475", () => {
  test("SIP torture: all 49 messages of RFC 4475 are here, and 12 for the ten sections of RFC 5118", () => {
    expect(validCases.length + invalidCases.length + semanticCases.length).toBe(49);
    expect(new Set(ipv6Cases.map(({ section }) => section)).size).toBe(10);
  });
  for (const one of [...validCases, ...invalidCases, ...semanticCases]) {
    const outcome = one.verdict.type === "read" ? "is read" : `is a fault (${one.verdict.kind})`;
    test(`SIP torture: ${one.name} ${outcome} (RFC 4475 §${one.section})`, () => judge(one));
  }
});

describe("SIP torture messages of RFC 5118", () => {
  for (const one of ipv6Cases) {
    const outcome = one.verdict.type === "read" ? "is read" : `is a fault (${one.verdict.kind})`;
    test(`SIP torture: ${one.name} ${outcome} (RFC 5118 §${one.section})`, () => judge(one));
  }
});
