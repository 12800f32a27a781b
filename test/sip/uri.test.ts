import { describe, expect, test } from "vitest";
import { makeSipUri, maxUriLength, parseUri, type Uri, uriHeaders, userOf, writeUri } from "../../src/sip/uri.ts";
import { sameUri } from "../../src/sip/uri-equality.ts";

function uri(text: string): Uri {
  const read = parseUri(text);
  if (read === undefined) throw new Error(`not read: ${text}`);
  return read;
}

describe("SIP URI", () => {
  test("SIP URI: is taken apart into user, password, host, port, parameters and headers (RFC 3261 §19.1.1)", () => {
    const read = uri("sips:alice:secret@[2001:db8::1]:5061;transport=TCP;lr?Subject=a%20b&Priority=urgent");
    expect(read).toMatchObject({
      type: "sip",
      scheme: "sips",
      rawUser: "alice",
      rawPassword: "secret",
      host: "[2001:db8::1]",
      port: 5061,
    });
    expect(read.type === "sip" && [...read.params]).toEqual([
      ["transport", "TCP"],
      ["lr", undefined],
    ]);
    expect(uriHeaders(read)).toEqual([
      ["Subject", "a b"],
      ["Priority", "urgent"],
    ]);
  });

  test("SIP URI: comes out again as it went in", () => {
    for (const text of [
      "sip:example.com",
      "sip:a@h",
      "sip:a;b=c?d@h:5060;lr",
      "sip:sips%3Auser%40example.com@example.net",
      "sip:%80%ff@h;x=%C3%A9",
      "sip:null-%00-null@example.com",
      "sip:a@h?Replaces=1%40h%3Bto-tag%3D1",
      "tel:+15550100;phone-context=x",
      "isbn:2983792873",
      "http://www.example.com",
    ]) {
      expect(writeUri(uri(text))).toBe(text);
    }
  });

  test("SIP URI: nonsense is not read", () => {
    for (const text of [
      "",
      "sip:",
      "sip",
      ":a",
      "sip:@h",
      "sip:a@",
      "sip:a@b@c",
      "sip: a@h",
      "sip:a@h ",
      "sip:a@h:0",
      "sip:a@h:65536",
      "sip:a@h:x",
      "sip:a@h;",
      "sip:a@h;=1",
      "sip:a@h;x;x=1",
      "sip:a%zz@h",
      "sip:a%4@h",
      "sip:a<@h",
      'sip:a"@h',
      "sip:\u00e9@h",
      "sip:a@h..b",
      "sip:a@[2001:db8::1",
      "sip:a@2001:db8::1",
      "sip:a@[2001:db8:::1]",
      "sip:a@[1::2::3]",
      "sip:a@[12345::]",
      "sip:a@[::1.2.3.256]",
      "tel:",
      "tel:hello",
      "tel:+1x",
      `sip:${"a".repeat(maxUriLength)}@h`,
      `sip:h${Array.from({ length: 65 }, (_, i) => `;p${i}`).join("")}`,
    ]) {
      expect(parseUri(text), text).toBeUndefined();
    }
  });

  test("SIP URI: the user comes out plain, and goes in plain", () => {
    expect(userOf(uri("sip:%2B15550100@h"))).toBe("+15550100");
    expect(userOf(uri("tel:+1-555-0100"))).toBe("+15550100");
    expect(userOf(uri("sip:h"))).toBeUndefined();
    const made = makeSipUri({ user: "a b@é;x", host: "::1", port: 5060, params: { lr: undefined } });
    expect(writeUri(made)).toBe("sip:a%20b%40%C3%A9;x@[::1]:5060;lr");
    expect(userOf(uri(writeUri(made)))).toBe("a b@é;x");
    const replaces = "1@h;to-tag=a;from-tag=b";
    const target = uri(writeUri(makeSipUri({ user: "x", host: "h", headers: { Replaces: replaces } })));
    expect(uriHeaders(target)).toEqual([["Replaces", replaces]]);
  });
});

describe("SIP URI equality", () => {
  const same = (a: string, b: string): boolean => {
    const result = sameUri(uri(a), uri(b));
    expect(sameUri(uri(b), uri(a))).toBe(result);
    return result;
  };

  test("SIP URI equality: the examples of RFC 3261 §19.1.4 that are equal are equal", () => {
    expect(same("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp")).toBe(true);
    expect(same("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5")).toBe(true);
    expect(same("sip:carol@chicago.com", "sip:carol@chicago.com;security=on")).toBe(true);
    expect(
      same(
        "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
        "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
      ),
    ).toBe(true);
    expect(
      same(
        "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
        "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
      ),
    ).toBe(true);
  });

  test("SIP URI equality: the examples of RFC 3261 §19.1.4 that differ, differ", () => {
    expect(same("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP")).toBe(false);
    expect(same("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060")).toBe(false);
    expect(same("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp")).toBe(false);
    expect(same("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp")).toBe(false);
    expect(same("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting")).toBe(false);
    expect(same("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4")).toBe(false);
    expect(same("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off")).toBe(false);
    expect(same("sip:a@h", "sips:a@h")).toBe(false);
    expect(same("sip:a%3Bb@h", "sip:a;b@h")).toBe(false);
  });

  test("SIP URI equality: IPv6 addresses are one however they are written", () => {
    expect(same("sip:a@[2001:DB8::0:1]", "sip:a@[2001:db8:0:0:0:0:0:1]")).toBe(true);
    expect(same("sip:a@[::ffff:192.0.2.1]", "sip:a@[::ffff:c000:201]")).toBe(true);
    expect(same("sip:a@[2001:db8::1]", "sip:a@[2001:db8::2]")).toBe(false);
  });

  test("tel URI equality: separators do not count, parameters do (RFC 3966 §4)", () => {
    expect(same("tel:+1-555-0100", "tel:+15550100")).toBe(true);
    expect(same("tel:5550100;phone-context=a.com", "tel:555-0100;phone-context=A.com")).toBe(true);
    expect(same("tel:5550100;phone-context=a.com", "tel:5550100;phone-context=b.com")).toBe(false);
    expect(same("tel:5550100", "sip:5550100@h")).toBe(false);
  });
});
