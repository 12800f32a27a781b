import twilio from "twilio";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { placeCall } from "../../bench/sim/twilio-phone.ts";
import { endedCall, metric, transcriptOf } from "../kit/calls.ts";
import { startGateway, type TestGateway } from "../kit/gateway.ts";
import { speech } from "../kit/speech.ts";
import { StallWatch } from "../kit/stalls.ts";

const authToken = "12345678901234567890123456789012";
const path = "/carriers/twilio/voice";
const publicUrl = "https://voice.example.com";

/** What TwiML tells Twilio to do with the call. */
function readTwiml(xml: string): { url: string; token: string } {
  const url = /<Stream url="([^"]+)">/.exec(xml)?.[1];
  const token = /<Parameter name="token" value="([^"]+)"\/>/.exec(xml)?.[1];
  if (!url || !token) throw new Error(`no stream in ${xml}`);
  return { url, token };
}

describe("a call that comes in by Twilio's voice webhook", () => {
  let gateway: TestGateway;
  let watch: StallWatch;

  beforeAll(async () => {
    gateway = await startGateway({ TWILIO_AUTH_TOKEN: authToken, TANDEM_PUBLIC_URL: publicUrl });
    watch = await StallWatch.begin(gateway);
  }, 120_000);
  afterAll(async () => {
    watch?.close();
    await gateway?.close();
  });

  /** Posts as Twilio does: the signature is over the public URL. */
  const post = (form: Record<string, string>, signature?: string) =>
    fetch(`${gateway.httpUrl}${path}`, {
      method: "POST",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        "x-twilio-signature": signature ?? twilio.getExpectedTwilioSignature(authToken, `${publicUrl}${path}`, form),
      },
      body: new URLSearchParams(form).toString(),
    });
  const incoming = (callSid: string, to = "+15550100") => ({
    CallSid: callSid,
    AccountSid: "AC0",
    From: "+15550199",
    To: to,
    CallStatus: "ringing",
  });

  test("the phone follows the TwiML's URL and token, and talks with the agent", async () => {
    const callSid = "CA00000000000000000000000000000001";
    const answer = await post(incoming(callSid));
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toContain("xml");
    const { url, token } = readTwiml(await answer.text());
    expect(url).toBe("wss://voice.example.com/media/twilio");
    // In the field a proxy stands at the public address.
    const result = await placeCall({
      url: url.replace("wss://voice.example.com", gateway.mediaUrl),
      token,
      callSid,
      maxMs: 60_000,
      script: [
        { type: "wait-for-agent", quietMs: 1500 },
        { type: "dtmf", digits: "4" },
      ],
    });
    expect(result).toMatchObject({ ending: "gateway", faults: [] });
    expect(result.agentSpeech.length).toBeGreaterThanOrEqual(2);
    const { body } = await gateway.api("GET", "/calls");
    const [listed] = body.data;
    expect(listed).toMatchObject({ carrier_call_id: callSid, from: "+15550199", to: "+15550100" });
    const record = await endedCall(gateway, String(listed?.id));
    expect(record).toMatchObject({ cause: "agent-hung-up" });
    expect(await watch.unexplained([{ result, record }])).toEqual([]);
    expect((await transcriptOf(gateway, String(listed?.id))).at(-1)).toMatchObject({ role: "agent" });
  }, 120_000);

  test("a webhook said twice is one call: the new token works, the record is one", async () => {
    const form = incoming("CA00000000000000000000000000000002");
    const first = readTwiml(await (await post(form)).text());
    const second = readTwiml(await (await post(form)).text());
    expect(second.token).not.toBe(first.token);
    const { body } = await gateway.api("GET", "/calls?status=ringing");
    expect(body.data.length).toBe(1);
    const url = `${gateway.mediaUrl}/media/twilio`;
    const result = await placeCall({
      url,
      token: second.token,
      maxMs: 60_000,
      // Not the whole menu: that the agent speaks is enough.
      script: [
        { type: "barge-in", afterMs: 300, clip: { label: "enough", samples: speech("digits/5") } },
        { type: "hang-up" },
      ],
    });
    expect(result).toMatchObject({ ending: "script" });
    expect(result.agentSpeech.length).toBeGreaterThanOrEqual(1);
    expect((await placeCall({ url, token: first.token, maxMs: 5000, script: [] })).closeCode).toBe(1008);
    expect(await endedCall(gateway, String(body.data[0]?.id))).toMatchObject({ cause: "caller-hung-up" });
  }, 120_000);

  test("a wrong signature is refused with 403 and counted, and makes no call", async () => {
    const before = (await gateway.api("GET", "/calls")).body.data.length;
    expect((await post(incoming("CA00000000000000000000000000000003"), "AAAAAAAAAAAAAAAAAAAAAAAAAAA=")).status).toBe(
      403,
    );
    expect(await metric(gateway, "tandem_errors_total", { kind: "twilio-signature" })).toBe(1);
    expect((await gateway.api("GET", "/calls")).body.data.length).toBe(before);
  });

  test("a number nobody answers is rejected, so that nobody pays", async () => {
    const answer = await post(incoming("CA00000000000000000000000000000004", "+15559999"));
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain("<Reject");
  });

  test("neither the token of a stream nor the auth token is in the log", () => {
    const log = gateway.lines.join("\n");
    expect(log).not.toContain(authToken);
    expect(log).not.toMatch(/token=|[A-Za-z0-9_-]{43}/);
  });
});
