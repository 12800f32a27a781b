import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { checkSignature, signRequest } from "../../src/kit/signature.ts";

const secret = "whsec_test";
const rawBody = '{"name":"Zoë"}';
const nowS = 1_790_000_000;
const header = signRequest(rawBody, secret, nowS);
const check = (changes: Partial<Parameters<typeof checkSignature>[0]>) =>
  checkSignature({ header, rawBody, secret, nowS, ...changes });

describe("request signature", () => {
  test("signature: is HMAC-SHA256 over the time, a dot and the raw body", () => {
    const hex = createHmac("sha256", secret).update(`${nowS}.${rawBody}`).digest("hex");
    expect(header).toBe(`t=${nowS},v1=${hex}`);
    expect(signRequest(rawBody, secret, nowS + 0.9)).toBe(header);
  });

  test("signature: text and its UTF-8 bytes sign alike", () => {
    expect(signRequest(Buffer.from(rawBody), secret, nowS)).toBe(header);
    expect(check({ rawBody: Buffer.from(rawBody) })).toBeUndefined();
  });

  test("signature: another key, body or time does not pass", () => {
    expect(check({})).toBeUndefined();
    expect(check({ secret: "other" })).toBe("mismatch");
    expect(check({ rawBody: `${rawBody} ` })).toBe("mismatch");
    expect(check({ header: header.replace(`t=${nowS}`, `t=${nowS + 1}`) })).toBe("mismatch");
  });

  test("signature: too old or too far in the future is expired, the tolerance itself is not", () => {
    expect(check({ nowS: nowS + 300 })).toBeUndefined();
    expect(check({ nowS: nowS + 301 })).toBe("expired");
    expect(check({ nowS: nowS - 301 })).toBe("expired");
    expect(check({ nowS: nowS + 5, toleranceS: 4 })).toBe("expired");
  });

  test("signature: one of two v1 values is enough while a key is being changed", () => {
    expect(check({ header: `t=${nowS},v1=${"0".repeat(64)},${header.split(",")[1]}` })).toBeUndefined();
  });

  test("signature: an empty key passes nothing", () => {
    expect(check({ secret: "", header: signRequest(rawBody, "", nowS) })).toBe("malformed");
  });

  test.each([
    undefined,
    "",
    "t=,v1=",
    `t=${nowS}`,
    header.slice(0, -1),
    header.replace("v1", "v0"),
    `t=-1,${header.split(",")[1]}`,
    `${"x".repeat(600)},${header}`,
    `t=${nowS}${`,v1=${"0".repeat(64)}`.repeat(5)}`,
  ])("signature: nonsense is malformed and does not throw (%#)", (nonsense) => {
    expect(check({ header: nonsense })).toBe("malformed");
  });
});
