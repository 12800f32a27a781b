import twilio from "twilio";
import { describe, expect, test } from "vitest";
import { isSignedByTwilio, renderConnectStream, renderReject } from "../../../src/control/carriers/twilio.ts";

const authToken = "12345678901234567890123456789012";
const voice = {
  url: "https://gw.example.com/voice/inbound",
  fields: [
    ["CallSid", "CA00000000000000000000000000000001"],
    ["CallStatus", "ringing"],
    ["From", "+15550100001"],
    ["To", "+15550100002"],
  ] as [string, string][],
  signature: "yQzcYHnI6Jz5WJsWQ5cFPdS/OOw=",
};

describe("Twilio signature", () => {
  test("signature: form fields are joined in the order of their names", () => {
    expect(isSignedByTwilio(voice, authToken)).toBe(true);
    expect(isSignedByTwilio({ ...voice, fields: voice.fields.toReversed() }, authToken)).toBe(true);
  });

  test("signature: a repeated field counts with its distinct values, sorted", () => {
    const fields: [string, string][] = [
      ["B", "2"],
      ["A", "y"],
      ["A", "x"],
      ["A", "x"],
    ];
    const url = "https://gw.example.com/voice/inbound?tenant=a";
    expect(isSignedByTwilio({ url, fields, signature: "o+fcHVbnIZxS4dddbx8lcpyd4/c=" }, authToken)).toBe(true);
  });

  test("signature: names sort by code unit, upper case first", () => {
    const fields: [string, string][] = [
      ["a", "1"],
      ["B", "2"],
    ];
    const signed = { url: "https://gw.example.com/h", fields, signature: "defTPJhUrzOq0ZHXW4vhiBialTI=" };
    expect(isSignedByTwilio(signed, authToken)).toBe(true);
  });

  test("signature: a WebSocket upgrade is signed over its URL alone, with and without port", () => {
    const signature = "QzauU/S9eCA52Isp+j4Wu5qlTLE=";
    for (const url of ["wss://gw.example.com/media/twilio", "wss://gw.example.com:443/media/twilio"]) {
      expect(isSignedByTwilio({ url, signature }, authToken)).toBe(true);
    }
  });

  test("signature: a JSON body must have the hash that the URL names", () => {
    const hash = "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862";
    const url = `https://gw.example.com/json?bodySHA256=${hash}`;
    const signature = "BG97M8CtB1x8gmm/kaSYT3z/zgg=";
    expect(isSignedByTwilio({ url, signature, jsonBody: Buffer.from('{"a":1}') }, authToken)).toBe(true);
    expect(isSignedByTwilio({ url, signature, jsonBody: Buffer.from('{"a":2}') }, authToken)).toBe(false);
    const bare = { url: "https://gw.example.com/json", signature, jsonBody: Buffer.from('{"a":1}') };
    expect(isSignedByTwilio(bare, authToken)).toBe(false);
  });

  test("signature: agrees with Twilio's own validator on many requests", () => {
    const urls = [
      "https://gw.example.com/carriers/twilio/voice",
      "https://gw.example.com:443/carriers/twilio/voice",
      "http://gw.example.com/a?x=1&y=%20b",
      "https://gw.example.com/",
    ];
    const forms: Record<string, string | string[]>[] = [
      {},
      { To: "+1", From: "" },
      { b: ["2", "1", "2"], B: "x", "": "empty name" },
      { Body: "ünïcode ✓ & = +" },
    ];
    for (const url of urls) {
      for (const form of forms) {
        const signature = twilio.getExpectedTwilioSignature(authToken, url, form);
        expect(twilio.validateRequest(authToken, signature, url, form)).toBe(true);
        const fields = Object.entries(form).flatMap(([name, value]) =>
          [value].flat().map((one): [string, string] => [name, one]),
        );
        expect([url, form, isSignedByTwilio({ url, fields, signature }, authToken)]).toEqual([url, form, true]);
        expect(isSignedByTwilio({ url: `${url}x`, fields, signature }, authToken)).toBe(false);
      }
    }
  });

  test.each([
    ["no signature", { ...voice, signature: undefined }],
    ["an empty signature", { ...voice, signature: "" }],
    ["a longer signature", { ...voice, signature: `${voice.signature}=` }],
    ["another field", { ...voice, fields: [...voice.fields, ["Extra", "1"]] as [string, string][] }],
    ["a field less", { ...voice, fields: voice.fields.slice(1) }],
    ["another path", { ...voice, url: "https://gw.example.com/voice/other" }],
    ["another host", { ...voice, url: "https://gw.example.org/voice/inbound" }],
    ["a URL that is none", { ...voice, url: "voice" }],
  ])("signature: %s does not pass", (_what, signed) => {
    expect(isSignedByTwilio(signed, authToken)).toBe(false);
  });

  test("signature: another account's token does not pass", () => {
    expect(isSignedByTwilio(voice, "another token")).toBe(false);
  });
});

describe("TwiML", () => {
  test("TwiML: joins the call to the stream, whatever characters the token has", () => {
    expect(renderConnectStream("wss://gw.example.com/media/twilio", `a<b>&"'`)).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><Response><Connect>' +
        '<Stream url="wss://gw.example.com/media/twilio">' +
        '<Parameter name="token" value="a&lt;b&gt;&amp;&quot;&apos;"/></Stream></Connect></Response>',
    );
  });

  test("TwiML: turns a call away", () => {
    expect(renderReject("rejected")).toContain("<Response><Reject/></Response>");
    expect(renderReject("busy")).toContain('<Response><Reject reason="busy"/></Response>');
  });
});
