import { describe, expect, test } from "vitest";
import { addressText, callerAddress, callMetadata } from "../../../src/control/exchange/call-headers.ts";
import { outgoingHeaders, withheldCaller } from "../../../src/control/exchange/outgoing-headers.ts";
import { writeNameAddress } from "../../../src/sip/headers/address.ts";
import type { SipRequest } from "../../../src/sip/message.ts";
import { parseMessage } from "../../../src/sip/parse.ts";
import { makeSipUri } from "../../../src/sip/uri.ts";

/** An INVITE to +15550100 with these header lines; `From` may be among them. */
function invite(...lines: string[]): SipRequest {
  const from = lines.some((line) => /^from:/i.test(line)) ? [] : ["From: <sip:+15550199@carrier.example>;tag=a"];
  const to = lines.some((line) => /^to:/i.test(line)) ? [] : ["To: <sip:+15550100@gw.example>"];
  const message = parseMessage(
    Buffer.from(
      [
        "INVITE sip:+15550100@gw.example SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
        ...from,
        ...to,
        "Call-ID: c",
        "CSeq: 1 INVITE",
        "Contact: <sip:a@192.0.2.1>",
        ...lines,
        "Content-Length: 0",
        "",
        "",
      ].join("\r\n"),
    ),
  );
  if (message.type !== "request") throw new Error(JSON.stringify(message));
  return message;
}

const caller = (isTrusted: boolean, ...lines: string[]): string => {
  const found = callerAddress(invite(...lines), isTrusted);
  return found === undefined ? "" : addressText(found.uri);
};
const metadata = (...lines: string[]) => callMetadata(invite(...lines), undefined).metadata;

describe("caller of an INVITE", () => {
  test.each<[string, boolean, string[], string]>([
    ["From, when nothing else is said", false, [], "+15550199"],
    [
      "an address that is no number",
      false,
      ["From: <sip:alice:secret@x.example:5062;lr>;tag=a"],
      "sip:alice@x.example",
    ],
    ["an address of any length, cut", false, [`From: <sip:${"a".repeat(300)}@b>;tag=a`], `sip:${"a".repeat(124)}`],
    [
      "a number with separators and parameters",
      false,
      ["From: <sip:+1-555-0199;cpc=x@y;user=phone>;tag=a"],
      "+15550199",
    ],
    ["an asserted identity of who is trusted", true, ["P-Asserted-Identity: <tel:+15550177>"], "+15550177"],
    ["never of who is not", false, ["P-Asserted-Identity: <tel:+15550177>"], "+15550199"],
    [
      "the first asserted identity that names somebody",
      true,
      ["P-Asserted-Identity: <sip:carrier.example>, <sip:+15550178@c.example>"],
      "+15550178",
    ],
    [
      "an asserted identity behind an anonymous From",
      true,
      ["From: <sip:anonymous@anonymous.invalid>;tag=a", "P-Asserted-Identity: <tel:+15550177>"],
      "+15550177",
    ],
    ["nobody, by an anonymous From", false, ['From: "Anonymous" <sip:c8oqz84zk7z@anonymous.invalid>;tag=a'], ""],
    ["nobody, by an anonymous user", false, ["From: <sip:Anonymous@carrier.example>;tag=a"], ""],
    ["nobody, by Privacy: id (RFC 3325)", true, ["P-Asserted-Identity: <tel:+15550177>", "Privacy: id"], ""],
    ["nobody, also of who is not trusted", false, ["Privacy: user;critical"], ""],
    ["nobody, when Privacy cannot be read", false, ["Privacy: ;id"], ""],
    ["From, when Privacy is none", false, ["Privacy: none"], "+15550199"],
  ])("caller: %s", (_what, isTrusted, lines, expected) => {
    expect(caller(isTrusted, ...lines)).toBe(expected);
  });
});

describe("metadata of an INVITE", () => {
  test("metadata: X- headers by their name in lower case, lines of one name as a list", () => {
    expect(metadata("X-Customer-Id: 4711", "x-tag: a", "X-TAG: b", "Subject: not one", "X-: nor this")).toEqual({
      "x-customer-id": "4711",
      "x-tag": "a, b",
    });
  });

  test("metadata: what does not fit is left out and counted", () => {
    const many = Array.from({ length: 45 }, (_, at) => `X-N${at}: v`);
    const long = [`X-Long: ${"v".repeat(501)}`, `X-${"n".repeat(80)}: v`, "X-Od!d: v"];
    const { metadata: found, dropped } = callMetadata(invite(...long, ...many), undefined);
    expect(Object.keys(found).length).toBe(40);
    expect(dropped).toBe(3 + 5);
    expect(found["x-long"]).toBeUndefined();
  });

  test("metadata: a name that means something in JavaScript is a name like any other", () => {
    const found = metadata("X-__proto__: v", "X-constructor: w");
    expect(Object.entries(found)).toEqual([
      ["x-__proto__", "v"],
      ["x-constructor", "w"],
    ]);
  });

  test("metadata: by which numbers the call came, and why", () => {
    expect(
      metadata(
        "To: <sip:+15550111@gw.example>",
        'Diversion: "Bob" <sip:+15550122@x>;reason=no-answer;counter=1, <tel:+15550133>;reason="user busy"',
        "History-Info: <sip:+15550122@x>;index=1, <sip:+15550133@x?Reason=SIP%3Bcause%3D302>;index=1.1",
        "History-Info: <sip:+15550144@x;cause=486>;index=1.1.1;mp=1",
        'Reason: Q.850;cause=17;text="User busy"',
      ),
    ).toEqual({
      sip_to: "+15550111",
      sip_diversion: "+15550122;reason=no-answer;counter=1, +15550133",
      sip_history: "+15550122;index=1, +15550133;index=1.1;cause=302, +15550144;index=1.1.1;cause=486",
      sip_reason: 'Q.850;cause=17;text="User busy"',
    });
  });

  test("metadata: numbers that are to stay hidden do (RFC 5806 §6.2, RFC 7044 §10.1)", () => {
    expect(metadata("Diversion: <sip:+15550122@x>;privacy=full;reason=unconditional")).toEqual({
      sip_diversion: "anonymous;reason=unconditional",
    });
    expect(metadata("History-Info: <sip:+15550122@x?Privacy=history>;index=1, <sip:+15550133@x>;index=1.1")).toEqual({
      sip_history: "anonymous;index=1, +15550133;index=1.1",
    });
    expect(metadata("History-Info: <sip:+15550122@x>;index=1", "Privacy: history")).toEqual({
      sip_history: "anonymous;index=1",
    });
  });

  test("metadata: the caller's display name, unless the caller is withheld", () => {
    const request = invite('From: "Ann \\"A\\" Lee" <sip:+15550199@c>;tag=a');
    expect(callMetadata(request, callerAddress(request, false)).metadata).toEqual({ sip_from_name: 'Ann "A" Lee' });
    const hidden = invite('From: "Ann" <sip:+15550199@c>;tag=a', "Privacy: id");
    expect(callMetadata(hidden, callerAddress(hidden, false)).metadata).toEqual({});
  });

  test("metadata: of headers that cannot be read nothing is taken, and the values have an end", () => {
    expect(metadata("Diversion: <<>>", "History-Info: ,", "Reason: ;")).toEqual({});
    const many = Array.from({ length: 60 }, (_, at) => `Diversion: <sip:+1555010${at}@x>;reason=unconditional`);
    expect(metadata(...many).sip_diversion?.length).toBeLessThanOrEqual(500);
  });
});

describe("headers of an outgoing INVITE", () => {
  const lines = (metadata: Record<string, string>, isWithheld = false) => [
    ...outgoingHeaders({ metadata, isWithheld }),
  ];

  test("outgoing headers: metadata that begin with X- go out, others do not", () => {
    expect(lines({ "X-Order": "4711", "x-tag": "a", order: "1", sip_to: "+1", "X-": "no" })).toEqual([
      ["X-Order", "4711"],
      ["x-tag", "a"],
    ]);
  });

  test("outgoing headers: no value can begin a header of its own, no name either", () => {
    expect(lines({ "X-A": "one\r\nVia: SIP/2.0/UDP evil", "X-B": "\u0000\ttwo\n", "X-C: d\r\nVia": "x" })).toEqual([
      ["X-A", "one Via: SIP/2.0/UDP evil"],
      ["X-B", "two"],
    ]);
  });

  test("outgoing headers: names that differ in case only go out once; the bounds hold", () => {
    expect(lines({ "X-A": "1", "x-a": "2" })).toEqual([["X-A", "1"]]);
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`X-${at}`, "v"]));
    expect(lines(many).length).toBe(40);
    const long = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`X-${at}`, "v".repeat(500)]));
    expect(lines(long).length).toBe(8);
    expect(lines({ "X-Long": "v".repeat(501), "X-Ok": "v" })).toEqual([["X-Ok", "v"]]);
  });

  test("outgoing headers: who calls is asserted, and withheld where it is to be (RFC 3325)", () => {
    const assert = makeSipUri({ user: "+15550199", host: "gw.example" });
    expect([...outgoingHeaders({ metadata: {}, assert, isWithheld: true })]).toEqual([
      ["P-Asserted-Identity", "<sip:+15550199@gw.example>"],
      ["Privacy", "id;critical"],
    ]);
    expect(writeNameAddress(withheldCaller)).toBe("Anonymous <sip:anonymous@anonymous.invalid>");
    expect(lines({}, false)).toEqual([]);
  });

  test("outgoing headers: what went out comes back in as the same metadata", () => {
    const out = outgoingHeaders({ metadata: { "x-order": "4711 é", "x-empty": "" }, isWithheld: false });
    expect(metadata(...[...out].map(([name, value]) => `${name}: ${value}`))).toEqual({
      "x-order": "4711 é",
      "x-empty": "",
    });
  });
});
