import { describe, expect, test } from "vitest";
import type { HeaderField } from "../../../src/sip/headers/field.ts";
import {
  assertedIdentityField,
  authorizationField,
  contactField,
  contentTypeField,
  cseqField,
  diversionField,
  eventField,
  expiresField,
  fromField,
  historyInfoField,
  minSeField,
  privacyField,
  rackField,
  reasonField,
  referToField,
  replacesField,
  retryAfterField,
  sessionExpiresField,
  subscriptionStateField,
  supportedField,
  viaField,
  wwwAuthenticateField,
} from "../../../src/sip/headers/fields.ts";
import { SipHeaders } from "../../../src/sip/headers/headers.ts";
import { makeParams } from "../../../src/sip/headers/params.ts";
import { makeSipUri, uriHeaders } from "../../../src/sip/uri.ts";

/** Reads and writes again; undefined when it is not read. */
function through<T>(field: HeaderField<T>, text: string): string | undefined {
  const value = field.parse(text);
  return value === undefined ? undefined : field.write(value);
}

describe("SIP header values", () => {
  test("SIP header values: what is written is what was read", () => {
    const same: readonly (readonly [HeaderField<unknown>, string])[] = [
      [viaField, "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport=6000;received=192.0.2.9;maddr=h;ttl=1;x=y"],
      [viaField, "SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bK56sdasks;rport"],
      [fromField, '"A \\"B\\" \\\\ C" <sip:a@h;x>;tag=1'],
      [contactField, '<sip:a@h>;+sip.instance="<urn:uuid:1>";expires=60;q=0.5'],
      [assertedIdentityField, '"Alice Example" <tel:+15550100>'],
      [diversionField, "<sip:a@h>;reason=user-busy;counter=1"],
      [historyInfoField, "<sip:a@h?Reason=SIP%3Bcause%3D486>;index=1.1"],
      [cseqField, "2147483647 INVITE"],
      [rackField, "776656 1 INVITE"],
      [sessionExpiresField, "1800;refresher=uas"],
      [sessionExpiresField, "90"],
      [minSeField, "90"],
      [replacesField, "425928@phone.example.org;to-tag=7743;from-tag=6472;early-only"],
      [reasonField, 'Q.850;cause=16;text="Normal call clearing"'],
      [reasonField, 'SIP;cause=200;text="Call completed \\"elsewhere\\""'],
      [eventField, "refer;id=93809824"],
      [subscriptionStateField, "active;expires=60"],
      [subscriptionStateField, "terminated;reason=noresource;retry-after=5"],
      [contentTypeField, "multipart/mixed;boundary=a"],
      [privacyField, "id;user"],
      [supportedField, "100rel"],
      [wwwAuthenticateField, 'Digest realm="a \\"b\\"", nonce="n", algorithm=SHA-256, qop="auth", stale=true'],
      [authorizationField, 'Digest username="u", uri="sip:h", qop=auth, nc=00000001, cnonce="c"'],
    ];
    for (const [field, text] of same) expect(through(field, text)).toBe(text);
  });

  test("SIP header values: odd but common spellings are understood", () => {
    expect(through(viaField, "sip / 2.0 / udp  h : 5060 ; RPORT ;received = [2001:db8::1]")).toBe(
      "SIP/2.0/UDP h:5060;rport;received=2001:db8::1",
    );
    expect(through(fromField, "Müller & Söhne <sip:a@h>")).toBe('"Müller & Söhne" <sip:a@h>');
    expect(through(fromField, "sip:a@h;tag=1")).toBe("<sip:a@h>;tag=1");
    expect(through(contactField, '"" <sip:h>')).toBe('"" <sip:h>');
    expect(through(contentTypeField, "Application / SDP ; charset = utf-8")).toBe("application/sdp;charset=utf-8");
    expect(through(retryAfterField, "18 (in a meeting);duration=10")).toBe("18");
    expect(through(sessionExpiresField, "1800 ;Refresher=UAC")).toBe("1800;refresher=uac");
    expect(through(expiresField, "9".repeat(40))).toBe("4294967295");
    expect(through(wwwAuthenticateField, "Digest realm=asterisk,nonce=1")).toBe('Digest realm="asterisk", nonce="1"');
  });

  test("SIP header values: the malformed are not read", () => {
    const bad: readonly (readonly [HeaderField<unknown>, readonly string[]])[] = [
      [
        viaField,
        [
          "",
          "SIP/2.0/UDP",
          "SIP/2.0/UDP h:0",
          "SIP/2.0/UDP h;ttl=300",
          "SIP/2.0/UDP h;rport=x",
          "SIP/2.0/UDP h;branch=1;branch=2",
          "SIP/3.0/UDP h",
          "SIP/2.0/UDP h x",
          "SIP/2.0/UDP h;received=<x>",
        ],
      ],
      [
        fromField,
        ["", "<>", "<sip:a@h", '"a" sip:a@h', '"a', "a, b <sip:h>", "<sip:h>;tag=", "<sip:h> x", "sip:a@h?x=1"],
      ],
      [cseqField, ["", "1", "INVITE", "1INVITE", "2147483648 INVITE", "-1 INVITE", "1 IN VITE", "1 INV\u00e9"]],
      [rackField, ["", "1 1", "1 INVITE", "4294967296 1 INVITE"]],
      [sessionExpiresField, ["", "x", "1;x=", "4294967296"]],
      [
        replacesField,
        ["", "a", "a;to-tag=1", "a;to-tag;from-tag=1", ";to-tag=1;from-tag=2", "a b;to-tag=1;from-tag=2"],
      ],
      [contentTypeField, ["", "sdp", "application/", "application/sdp;", "application/sdp x"]],
      [authorizationField, ["", "Digest", "Digest a", "Digest a=1,a=2", 'Digest a="', 'Digest realm="a" nonce="b"']],
      [privacyField, ["", "a;;b", "a b"]],
    ];
    for (const [field, texts] of bad) {
      for (const text of texts) expect(field.parse(text), `${field.name}: ${text}`).toBeUndefined();
    }
  });

  test("SIP header values: a display name cannot break out of its quotes", () => {
    const uri = makeSipUri({ user: "a", host: "h" });
    const evil = 'x" <sip:evil@h>\r\nX-Evil: 1\\';
    const written = fromField.write({ displayName: evil, uri, params: makeParams({ tag: "1" }) });
    expect(written).not.toMatch(/[\r\n]/);
    expect(fromField.parse(written)).toMatchObject({ displayName: 'x" <sip:evil@h>  X-Evil: 1\\', uri: { host: "h" } });
    const params = makeParams({ reason: "a;b\r\nX: 1" });
    expect(diversionField.write({ uri, params })).toBe('<sip:a@h>;reason="a;b  X: 1"');
  });

  test("SIP header values: an attended transfer's Replaces survives the way into Refer-To and out (RFC 3891 §5)", () => {
    const replaces = { callId: "a@b;c", toTag: "1", fromTag: "2", earlyOnly: false };
    const text = replacesField.write({ ...replaces, callId: "a@b" });
    const uri = makeSipUri({ user: "bob", host: "h", headers: { Replaces: text } });
    const read = referToField.parse(referToField.write({ uri, params: new Map() }))!;
    const [[name, value]] = uriHeaders(read.uri) as [readonly [string, string]];
    expect(name).toBe("Replaces");
    expect(replacesField.parse(value)).toEqual({ ...replaces, callId: "a@b" });
  });
});

describe("SIP headers", () => {
  const sample = (): SipHeaders =>
    SipHeaders.of(["v", "SIP/2.0/UDP a, SIP/2.0/UDP b"], ["X-One", "1"], ["Via", "SIP/2.0/UDP c"], ["x-one", "2"]);

  test("SIP headers: are found by any spelling, in order", () => {
    const headers = sample();
    expect(headers.getAll("VIA")).toEqual(["SIP/2.0/UDP a", "SIP/2.0/UDP b", "SIP/2.0/UDP c"]);
    expect(headers.getAll("X-ONE")).toEqual(["1", "2"]);
    expect(headers.count("v")).toBe(2);
    expect(headers.get("None")).toBeUndefined();
    expect(headers.all(viaField).map(({ host }) => host)).toEqual(["a", "b", "c"]);
  });

  test("SIP headers: a change is seen by the typed reader too", () => {
    const headers = sample();
    const top = headers.first(viaField)!;
    headers.replaceFirst(viaField, { ...top, received: "192.0.2.1" });
    expect(headers.first(viaField)?.received).toBe("192.0.2.1");
    expect(headers.all(viaField)).toHaveLength(3);
    headers.prepend(viaField, { ...top, host: "z" });
    expect([...headers][0]).toEqual(["Via", "SIP/2.0/UDP z"]);
    headers.set("Via", "SIP/2.0/TCP d");
    expect(headers.all(viaField).map(({ host }) => host)).toEqual(["d"]);
    expect([...headers].map(([name]) => name)).toEqual(["Via", "X-One", "x-one"]);
    headers.remove("x-ONE");
    expect(headers.size).toBe(1);
  });

  test("SIP headers: a clone is a copy of its own", () => {
    const headers = sample();
    headers.clone().remove("Via");
    expect(headers.count("Via")).toBe(2);
  });

  test("SIP headers: one bad value of a list does not hide the good ones, and is told", () => {
    const headers = SipHeaders.of(["Contact", "<sip:a@h>, <bad>, <sip:b@h>"]);
    expect(headers.all(contactField)).toHaveLength(2);
    expect(headers.isMalformed(contactField)).toBe(true);
    expect(headers.isMalformed(viaField)).toBe(false);
  });

  test("SIP headers: a line break in a name or value of ours is our mistake, not a further header", () => {
    expect(() => new SipHeaders().add("X-A", "1\r\nX-B: 2")).toThrow("line break");
    expect(() => new SipHeaders().add("X-A: 1\r\nX-B", "2")).toThrow("line break");
    expect(() => new SipHeaders().set("X-A", "1\n")).toThrow("line break");
  });
});
