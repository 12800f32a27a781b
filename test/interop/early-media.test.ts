import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tone } from "../codecs/tone.ts";
import { eventually, type Json } from "../kit/gateway.ts";
import { toneAmplitude } from "../kit/room-party.ts";
import { openRtpPeer, type RtpPeer } from "../kit/rtp-peer.ts";
import { startSipp } from "../kit/sipp.ts";
import { Telephone, type TelephoneLine } from "../kit/telephone.ts";
import { addTrunk, callThatIs, type SpeakingGateway, startSpeakingGateway } from "../kit/trunks.ts";

const toneHz = 600;
const amplitude = 4000;
/** Long enough for a busy machine to hear what is said in it. */
const announcementMs = 6000;

let exchange: SpeakingGateway;
let nextNumber = 301;

beforeAll(async () => {
  exchange = await startSpeakingGateway();
});

afterAll(() => exchange?.close());

interface Caller {
  readonly name: string;
  readonly line: TelephoneLine;
  readonly ear: RtpPeer;
}

/** A telephone of the house calls out over a trunk whose far end is SIPp, with a tone for its voice. */
async function callOut(scenario: string, keys: Record<string, number>): Promise<Caller & { sipp: { done: unknown } }> {
  const name = String(nextNumber++);
  const phone = { username: name, number: name, password: `${name}-secret`, may_call: "any" };
  expect((await exchange.gateway.api("POST", "/phones", phone)).status).toBe(201);
  const [ear, voice] = [await openRtpPeer(), await openRtpPeer()];
  const pauseMs = announcementMs;
  const sipp = await startSipp(scenario, { keys: { ...keys, ear_port: voice.port }, pauseMs });
  await addTrunk(exchange, [sipp.port]);
  const telephone = await Telephone.open(name, exchange.sipPort, ear.port);
  await telephone.register();
  const line = telephone.call("+15550199");
  void voice.say(tone(toneHz, 8000, 8000 * 60, amplitude));
  return { name, line, ear, sipp };
}

const hearsTone = ({ ear }: Caller) =>
  eventually("the caller hears the tone", () => {
    const level = toneAmplitude(ear.heard().slice(-4000), toneHz, 8000) / amplitude;
    return level > 0.8 && level < 1.2 ? true : undefined;
  });

const comes = ({ line }: Caller, type: string) => line.events.find((event) => event.type === type);

const statusesOf = ({ line }: Caller) =>
  line.events.flatMap((event) => (event.type === "progress" ? [event.status] : []));

/** Both calls, the caller's first. */
async function callsOf({ name }: Caller): Promise<readonly [Json, Json]> {
  const { body } = await exchange.gateway.api("GET", `/calls?from=${name}`);
  const of = (direction: string) => body.data.find((call: Json) => call.direction === direction);
  return [of("inbound"), of("outbound")];
}

describe("what comes before the answer, from SIPp over a trunk", () => {
  test("an announcement and then 404: the caller hears it, gets the 404, and neither call has started", async () => {
    const caller = await callOut("uas-announces", { status: 404 });
    await hearsTone(caller);
    expect(statusesOf(caller)).toEqual([183]);
    const [call, callee] = await callsOf(caller);
    await eventually("it is refused", () => comes(caller, "ended"));
    expect(caller.line.end).toMatchObject({ cause: "rejected", status: 404 });
    const never = { cause: "call-refused", started_at: null };
    expect(await callThatIs(exchange, call.id, "ended")).toMatchObject({ ...never, peer_call_id: callee.id });
    expect(await callThatIs(exchange, callee.id, "ended")).toMatchObject({ ...never, sip_status: 404 });
    await caller.sipp.done;
  }, 60_000);

  test.each([
    ["an unreliable 183", "uas-early-media"],
    ["a reliable 183 (RFC 3262)", "uas-reliable"],
  ])(
    "%s and then 200: the caller hears the far end before and after, and both calls start with the answer",
    async (_what, scenario) => {
      const caller = await callOut(scenario, {});
      await hearsTone(caller);
      expect(comes(caller, "answered")).toBeUndefined();
      for (const call of await callsOf(caller)) expect(call).toMatchObject({ status: "ringing", started_at: null });
      await eventually("it is answered", () => comes(caller, "answered"));
      const [{ id }] = await callsOf(caller);
      await callThatIs(exchange, id, "in-progress");
      for (const call of await callsOf(caller)) expect(call.started_at).toEqual(expect.anything());
      // The description is the one of the 183.
      expect(new Set(caller.line.ports).size).toBe(1);
      await hearsTone(caller);
      caller.line.hangUp();
      expect(await callThatIs(exchange, id, "ended")).toMatchObject({ cause: "caller-hung-up" });
      await caller.sipp.done;
    },
    60_000,
  );
});
