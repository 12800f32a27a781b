import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keysIn, tonesOf } from "../kit/dtmf-tones.ts";
import { eventually } from "../kit/gateway.ts";
import { openRtpPeer } from "../kit/rtp-peer.ts";
import { startSipp } from "../kit/sipp.ts";
import {
  addTrunk,
  callFrom,
  callThatIs,
  keysOf,
  placeCall,
  type SpeakingGateway,
  startSpeakingGateway,
} from "../kit/trunks.ts";

let exchange: SpeakingGateway;

beforeAll(async () => {
  exchange = await startSpeakingGateway();
});

afterAll(() => exchange?.close());

/** Answers calls, which are over a trunk with these media settings; presses keys once talking. */
async function press(scenario: string, media: object, keys: string) {
  const ear = await openRtpPeer();
  const sipp = await startSipp(scenario, { keys: { ear_port: ear.port } });
  const trunk = await addTrunk(exchange, [sipp.port], { media });
  // Says nothing, so that keys are all there is to hear.
  const agent = { name: "Silent", provider: "openai-realtime", first_message: "" };
  const { id } = await placeCall(exchange, { trunk, agent });
  await callThatIs(exchange, id, "in-progress");
  const { status } = await exchange.gateway.api("POST", `/calls/${id}/dtmf`, { digits: keys });
  expect(status).toBe(202);
  return { ear, sipp, end: () => exchange.gateway.api("POST", `/calls/${id}/hangup`) };
}

describe("keys we press", () => {
  test.each(["rfc4733", "auto"])(
    "on a trunk set to %s they go as telephone events",
    async (dtmf) => {
      const { ear, sipp, end } = await press("uas-answers", { dtmf }, "47#");
      await eventually("all keys are there", () => (ear.keys() === "47#" ? true : undefined));
      await end();
      await sipp.done;
      expect(keysIn(ear.heard())).toBe("");
    },
    120_000,
  );

  test("on a trunk set to inband they go as tones", async () => {
    const { ear, sipp, end } = await press("uas-answers", { dtmf: "inband" }, "47#");
    await eventually("all keys are there", () => (keysIn(ear.heard()) === "47#" ? true : undefined));
    await end();
    await sipp.done;
    expect(ear.keys()).toBe("");
  }, 120_000);

  test("on a trunk set to info they go by INFO, each when the one before was answered", async () => {
    const { sipp, ear } = await press("uas-keys-by-info", { dtmf: "info" }, "47#");
    const { received } = await sipp.done;
    expect(received.filter((message) => message.startsWith("INFO "))).toHaveLength(3);
    expect(ear.keys()).toBe("");
  }, 120_000);
});

describe("keys the caller presses", () => {
  const target = () => ({ target: `127.0.0.1:${exchange.sipPort}`, number: "+15550100" });

  test("by INFO", async () => {
    const ear = await openRtpPeer();
    const caller = "+15550141";
    const keys = { caller, ear_port: ear.port };
    const { done } = await startSipp("uac-keys-by-info", { ...target(), keys, pauseMs: 300 });
    await done;
    const { id } = await callFrom(exchange, caller);
    await callThatIs(exchange, id, "ended");
    expect(await keysOf(exchange, id)).toBe("47#");
  }, 120_000);

  test("as tones, from a telephone that does not know telephone events", async () => {
    const ear = await openRtpPeer();
    const caller = "+15550142";
    const keys = { caller, ear_port: ear.port };
    const { done } = await startSipp("uac-without-events", { ...target(), keys, pauseMs: 6000 });
    await ear.say(tonesOf("47#"));
    await done;
    const { id } = await callFrom(exchange, caller);
    await callThatIs(exchange, id, "ended");
    expect(await keysOf(exchange, id)).toBe("47#");
  }, 120_000);
});
