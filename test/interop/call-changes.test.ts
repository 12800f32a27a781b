import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openRtpPeer } from "../kit/rtp-peer.ts";
import { startSipp } from "../kit/sipp.ts";
import { callFrom, callThatIs, hearsGreeting, type SpeakingGateway, startSpeakingGateway } from "../kit/trunks.ts";

let exchange: SpeakingGateway;

beforeAll(async () => {
  exchange = await startSpeakingGateway();
});

afterAll(() => exchange?.close());

/** Has SIPp call the demo number; its far end's ear, and the call's record when it is over. */
async function called(scenario: string, caller: string, pauseMs: number) {
  const ear = await openRtpPeer();
  const target = `127.0.0.1:${exchange.sipPort}`;
  const keys = { caller, ear_port: ear.port };
  const { done } = await startSipp(scenario, { target, number: "+15550100", keys, pauseMs });
  await done;
  const { id } = await callFrom(exchange, caller);
  return { ear, call: await callThatIs(exchange, id, "ended") };
}

describe("calls that SIPp changes", () => {
  test("no offer in the INVITE: we offer, its answer comes in the ACK, and the greeting is heard (RFC 3261 §13.2.1)", async () => {
    const { ear, call } = await called("uac-late-offer", "+15550131", 6000);
    hearsGreeting(ear);
    expect(call).toMatchObject({ cause: "caller-hung-up" });
  }, 120_000);

  test("hold and inactive by re-INVITE, back by re-INVITE and by UPDATE: while held nothing is sent (RFC 3264 §8.4)", async () => {
    const { ear, call } = await called("uac-hold", "+15550132", 2500);
    expect(ear.pauses(400)).toBe(2);
    expect(call).toMatchObject({ cause: "caller-hung-up" });
  }, 120_000);

  test("a session interval that is too short is refused with ours; refreshes by UPDATE and re-INVITE are answered (RFC 4028)", async () => {
    const { call } = await called("uac-session-timer", "+15550133", 100);
    expect(call).toMatchObject({ cause: "caller-hung-up" });
  }, 120_000);
});
