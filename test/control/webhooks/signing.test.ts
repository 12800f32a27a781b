import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { signDelivery } from "../../../src/control/webhooks/signing.ts";
import { checkSignature } from "../../../src/kit/signature.ts";

const body = '{"id":"evt_1"}';

describe("webhooks, signing", () => {
  test("signing: one secret makes one v1 and the plain HMAC-SHA256 of the body", () => {
    const { header, plain } = signDelivery(body, ["one"], 1_000.7);
    expect(header).toMatch(/^t=1000,v1=[0-9a-f]{64}$/);
    expect(checkSignature({ header, rawBody: body, secret: "one", nowS: 1_001 })).toBeUndefined();
    expect(plain).toEqual([createHmac("sha256", "one").update(body).digest("hex")]);
  });

  test("signing: while a secret is being changed a receiver with either one accepts", () => {
    const { header, plain } = signDelivery(body, ["new", "old"], 1_000);
    expect(header).toMatch(/^t=1000,v1=[0-9a-f]{64},v1=[0-9a-f]{64}$/);
    for (const secret of ["new", "old"]) {
      expect(checkSignature({ header, rawBody: body, secret, nowS: 1_000 })).toBeUndefined();
    }
    expect(checkSignature({ header, rawBody: body, secret: "other", nowS: 1_000 })).toBe("mismatch");
    expect(plain).toEqual(["new", "old"].map((secret) => createHmac("sha256", secret).update(body).digest("hex")));
  });
});
