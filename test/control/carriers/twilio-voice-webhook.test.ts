import twilio from "twilio";
import { describe, expect, test } from "vitest";
import { GatewayError } from "../../../src/kit/errors.ts";
import { type TestGateway, testGateway } from "../gateway.ts";

const authToken = "12345678901234567890123456789012";
const path = "/carriers/twilio/voice";

async function gatewayForTwilio(): Promise<TestGateway> {
  const gateway = await testGateway({
    config: { publicUrl: "https://gw.example.com", twilioAuthToken: authToken },
  });
  await gateway.services.firstStart("");
  return gateway;
}

/** Posts a form as Twilio does, signed over the public URL. */
function post({ app }: TestGateway, form: Record<string, string>, change: { url?: string; signature?: string } = {}) {
  const url = change.url ?? path;
  const signature =
    change.signature ?? twilio.getExpectedTwilioSignature(authToken, `https://gw.example.com${url}`, form);
  return app.inject({
    method: "POST",
    url,
    headers: { "content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signature },
    payload: new URLSearchParams(form).toString(),
  });
}

const incoming = {
  CallSid: "CA00000000000000000000000000000001",
  AccountSid: "AC1",
  From: "+15550199",
  To: "+15550100",
  CallStatus: "ringing",
  SomethingNew: "added tomorrow",
};

describe("Twilio voice webhook", () => {
  test("voice: a call for a number with an agent gets the stream's URL and a token", async () => {
    const gateway = await gatewayForTwilio();
    const answer = await post(gateway, incoming);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers["content-type"]).toBe("text/xml; charset=utf-8");
    expect(answer.body).toContain('<Stream url="wss://gw.example.com/media/twilio">');
    expect(answer.body).toContain('<Parameter name="token" value="token&lt;1&gt;"/>');
    const { data } = (await gateway.ask("GET", "/calls")).body;
    expect(data).toEqual([
      expect.objectContaining({
        status: "ringing",
        carrier: "twilio",
        carrier_call_id: incoming.CallSid,
        from: "+15550199",
        to: "+15550100",
      }),
    ]);
  });

  test("voice: the query belongs to the signed URL", async () => {
    const gateway = await gatewayForTwilio();
    expect((await post(gateway, incoming, { url: `${path}?tenant=a` })).statusCode).toBe(200);
  });

  test("voice: the webhook repeated gives the same call a new token", async () => {
    const gateway = await gatewayForTwilio();
    const first = await post(gateway, incoming);
    const second = await post(gateway, incoming);
    expect(second.statusCode).toBe(200);
    expect(second.body).not.toBe(first.body);
    expect((await gateway.ask("GET", "/calls")).body.data).toHaveLength(1);
  });

  test("voice: a number nobody answers is rejected, so that nobody pays", async () => {
    const gateway = await gatewayForTwilio();
    for (const To of ["+15550999", "sip:someone@example.com", ""]) {
      const answer = await post(gateway, { ...incoming, To });
      expect(answer.statusCode).toBe(200);
      expect(answer.body).toContain("<Reject/>");
    }
    expect((await gateway.ask("GET", "/calls")).body.data).toEqual([]);
  });

  test("voice: a gateway without room says busy", async () => {
    const gateway = await gatewayForTwilio();
    gateway.control.refuse = new GatewayError("unavailable", "no media process is ready");
    expect((await post(gateway, incoming)).body).toContain('<Reject reason="busy"/>');
  });

  test("voice: a wrong or missing signature is 403, counted, and makes no call", async () => {
    const gateway = await gatewayForTwilio();
    const wrong = await post(gateway, incoming, { signature: "AAAAAAAAAAAAAAAAAAAAAAAAAAA=" });
    expect(wrong.statusCode).toBe(403);
    expect(wrong.json().error.code).toBe("forbidden");
    const missing = await gateway.app.inject({
      method: "POST",
      url: path,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      payload: new URLSearchParams(incoming).toString(),
    });
    expect(missing.statusCode).toBe(403);
    expect((await gateway.ask("GET", "/calls")).body.data).toEqual([]);
    expect(await gateway.metrics.registry.getSingleMetricAsString("tandem_errors_total")).toContain(
      'kind="twilio-signature"} 2',
    );
  });

  test("voice: without the auth token the answer says which setting is missing", async () => {
    const gateway = await testGateway();
    const answer = await post(gateway, incoming);
    expect(answer.statusCode).toBe(503);
    expect(answer.json().error.message).toContain("TWILIO_AUTH_TOKEN");
  });

  test("voice: a signed request without CallSid names the field", async () => {
    const gateway = await gatewayForTwilio();
    const { CallSid: _, ...rest } = incoming;
    const answer = await post(gateway, rest);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().error.field).toBe("CallSid");
  });

  test("voice: a form over 64 KiB is 413, another type 415, no body 403", async () => {
    const gateway = await gatewayForTwilio();
    expect((await post(gateway, { ...incoming, Big: "x".repeat(70_000) })).statusCode).toBe(413);
    const xml = { method: "POST", url: path, headers: { "content-type": "text/xml" }, payload: "<a/>" } as const;
    expect((await gateway.app.inject(xml)).statusCode).toBe(415);
    expect((await gateway.app.inject({ method: "POST", url: path })).statusCode).toBe(403);
  });
});
