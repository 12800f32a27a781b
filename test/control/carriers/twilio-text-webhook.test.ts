import twilio from "twilio";
import { describe, expect, test } from "vitest";
import { type TestGateway, testGateway } from "../gateway.ts";

const authToken = "12345678901234567890123456789012";
const path = "/carriers/twilio/sms";

async function gatewayForTwilio(): Promise<TestGateway> {
  const gateway = await testGateway({
    config: { publicUrl: "https://gw.example.com", twilioAuthToken: authToken },
  });
  await gateway.ask("POST", "/numbers", { number: "+15550111" });
  return gateway;
}

/** Posts a form as Twilio does, signed over the public URL. */
function post({ app }: TestGateway, form: Record<string, string>, signature?: string) {
  return app.inject({
    method: "POST",
    url: path,
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "x-twilio-signature":
        signature ?? twilio.getExpectedTwilioSignature(authToken, `https://gw.example.com${path}`, form),
    },
    payload: new URLSearchParams(form).toString(),
  });
}

const incoming = {
  MessageSid: "SM00000000000000000000000000000001",
  SmsSid: "SM00000000000000000000000000000001",
  AccountSid: "AC1",
  From: "+15550199",
  To: "+15550111",
  Body: "Your code is 482913 – ¡hola! 😀",
  NumMedia: "0",
  NumSegments: "1",
  SomethingNew: "added tomorrow",
};

const textsOf = async ({ ask }: TestGateway) => (await ask("GET", "/texts")).body.data;

describe("Twilio text webhook", () => {
  test("text: one for a number of ours is kept once however often it comes, and answered with nothing", async () => {
    const gateway = await gatewayForTwilio();
    for (let i = 0; i < 3; i++) {
      const answer = await post(gateway, incoming);
      expect([answer.statusCode, answer.headers["content-type"]]).toEqual([200, "text/xml; charset=utf-8"]);
      expect(answer.body).toContain("<Response/>");
    }
    expect(await textsOf(gateway)).toEqual([
      expect.objectContaining({
        direction: "inbound",
        status: "received",
        from: "+15550199",
        to: "+15550111",
        text: incoming.Body,
        otp: "482913",
      }),
    ]);
  });

  test("text: one for nobody is taken, so that Twilio does not bring it again, and not kept", async () => {
    const gateway = await gatewayForTwilio();
    for (const To of ["+15550999", "48291", ""])
      expect((await post(gateway, { ...incoming, To })).statusCode).toBe(200);
    expect(await textsOf(gateway)).toEqual([]);
    expect(await gateway.metrics.registry.getSingleMetricAsString("tandem_texts_total")).toContain(
      'direction="inbound",status="unknown-number"} 3',
    );
  });

  test("text: a picture without words is a text without words; a sender may be a short code", async () => {
    const gateway = await gatewayForTwilio();
    expect((await post(gateway, { ...incoming, From: "48291", Body: "", NumMedia: "1" })).statusCode).toBe(200);
    expect(await textsOf(gateway)).toMatchObject([{ from: "48291", text: "", otp: null }]);
  });

  test("text: what Twilio did not sign is 403, without MessageSid 400, without a token set 503", async () => {
    const gateway = await gatewayForTwilio();
    expect((await post(gateway, incoming, "AAAAAAAAAAAAAAAAAAAAAAAAAAA=")).statusCode).toBe(403);
    const { MessageSid: _, ...rest } = incoming;
    const nameless = await post(gateway, rest);
    expect([nameless.statusCode, nameless.json().error.field]).toEqual([400, "MessageSid"]);
    expect(await textsOf(gateway)).toEqual([]);
    const unset = await post(await testGateway(), incoming);
    expect(unset.statusCode).toBe(503);
    expect(unset.json().error.message).toContain("TWILIO_AUTH_TOKEN");
  });
});
