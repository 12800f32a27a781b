import { afterEach, describe, expect, test } from "vitest";
import { tone } from "../codecs/tone.ts";
import { endedCall, mediaPids, processOf } from "../kit/calls.ts";
import { eventually, startGateway, type TestGateway } from "../kit/gateway.ts";
import { toneAmplitude } from "../kit/room-party.ts";
import { openRtpPeer, type RtpPeer } from "../kit/rtp-peer.ts";
import { Telephone, type TelephoneLine } from "../kit/telephone.ts";

const echo = "+15550101";
const amplitude = 4000;

let gateway: TestGateway | undefined;
afterEach(async () => {
  await gateway?.close();
  gateway = undefined;
});

interface Party {
  readonly callId: string;
  readonly toneHz: number;
  readonly ear: RtpPeer;
  readonly line: TelephoneLine;
}

/** A telephone in a call of its own, which says a tone for longer than its test lasts. */
async function party(house: TestGateway, name: string, toneHz: number): Promise<Party> {
  const ear = await openRtpPeer();
  const telephone = await Telephone.open(name, house.sipPort, ear.port);
  const line = telephone.call(echo, { from: name });
  await line.until("answered");
  void ear.say(tone(toneHz, 8000, 8000 * 100, amplitude));
  const callId = await eventually(`the call of ${name}`, async () => {
    const { body } = await house.api("GET", "/calls?status=in-progress");
    const found = body.data.find((call: { from: string }) => call.from.includes(name));
    return found === undefined ? undefined : String(found.id);
  });
  return { callId, toneHz, ear, line };
}

/** Resolves when each has heard all others, and not itself, for half a second. */
async function talkTogether(parties: readonly Party[]): Promise<void> {
  for (const { ear, toneHz: own } of parties) {
    const others = parties.filter(({ toneHz }) => toneHz !== own).map(({ toneHz }) => toneHz);
    await eventually(`the one of ${own} Hz hears ${others.join(" and ")} Hz`, () => {
      const lately = ear.heard().slice(-4000);
      const level = (toneHz: number) => toneAmplitude(lately, toneHz, 8000) / amplitude;
      const hearsOthers = others.every((toneHz) => level(toneHz) > 0.7 && level(toneHz) < 1.3);
      return hearsOthers && level(own) < 0.1 ? true : undefined;
    });
  }
}

describe("a conference in several media processes", () => {
  test("three telephones in two processes hear each other, and one that leaves is not heard any more", async () => {
    const house = await startGateway({ TANDEM_MEDIA_PROCESSES: "2" });
    gateway = house;
    const parties = [await party(house, "ada", 500), await party(house, "bob", 900), await party(house, "cat", 1300)];
    expect(new Set(parties.map(({ callId }) => processOf(house, callId))).size).toBe(2);
    const members = parties.map(({ callId }) => ({ call_id: callId }));
    const { status, body } = await house.api("POST", "/conferences", { members });
    expect({ status, body }).toMatchObject({ status: 201 });
    await talkTogether(parties);
    const [gone, ...others] = parties;
    gone!.line.hangUp();
    expect(await endedCall(house, gone!.callId)).toMatchObject({ cause: "caller-hung-up" });
    await talkTogether(others);
  }, 120_000);

  test("three processes: the one in the middle is killed, and the others still hear each other", async () => {
    const house = await startGateway({ TANDEM_MEDIA_PROCESSES: "3" });
    gateway = house;
    const parties = [await party(house, "ada", 500), await party(house, "bob", 900), await party(house, "cat", 1300)];
    const [first, ...others] = parties;
    expect(new Set(parties.map(({ callId }) => processOf(house, callId))).size).toBe(3);
    await house.api("POST", "/conferences", { members: parties.map(({ callId }) => ({ call_id: callId })) });
    await talkTogether(parties);
    process.kill(mediaPids(house).get(processOf(house, first!.callId)!)!, "SIGKILL");
    expect(await endedCall(house, first!.callId)).toMatchObject({ cause: "media-process-died" });
    await talkTogether(others);
  }, 120_000);
});
