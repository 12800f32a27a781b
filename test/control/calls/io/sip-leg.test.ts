import { describe, expect, test } from "vitest";
import { SipLeg } from "../../../../src/control/calls/io/sip-leg.ts";
import { sipMediaOptions } from "../../../../src/control/calls/sip-media.ts";
import type { DtmfMode } from "../../../../src/control/exchange/dial-plan.ts";
import { SipHeaders } from "../../../../src/sip/headers/headers.ts";
import { FakeSip } from "../../../kit/fake-sip.ts";
import { LiveHouse } from "../../../kit/live-house.ts";
import { audioSdp } from "../../../kit/sdp.ts";

/** A leg whose far end has offered PCMU and got its answer. */
async function talkingLeg(dtmf: DtmfMode = "auto") {
  const sip = new FakeSip();
  const house = new LiveHouse();
  const { callId } = await house.ringing();
  house.commands.length = 0;
  const leg = new SipLeg({
    sessions: sip.sessions,
    live: house.live,
    clock: house.clock,
    randomBytes: house.randomBytes,
    sdp: sipMediaOptions,
    dtmf,
    localAddress: "192.0.2.1",
  });
  leg.session = "s1";
  leg.attach({ callId, port: 20_000, hasBegun: false });
  leg.answer(audioSdp());
  leg.startMedia();
  const media = () =>
    house.commands.splice(0).map((command) => {
      if (command.type !== "begin-rtp" && command.type !== "change-rtp") return command.type;
      return `${command.type} ${command.media.direction} to ${command.media.remote?.port}`;
    });
  /** What is said to the far end since the last look: `answer-offer recvonly`. */
  const said = () =>
    sip.commands.splice(0).map(({ command }) => {
      const sdp = "sdp" in command && command.sdp ? Buffer.from(command.sdp).toString("utf8") : "";
      const body = "body" in command && command.body ? Buffer.from(command.body).toString("utf8") : "";
      const detail = /a=(sendrecv|sendonly|recvonly|inactive)/.exec(sdp)?.[1] ?? /Signal=(.)/.exec(body)?.[1] ?? "";
      return `${command.type} ${detail}`.trim();
    });
  return { leg, house, callId, media, said };
}

const info = (contentType: string, body: string) =>
  ({ type: "message", method: "INFO", contentType, body: Buffer.from(body), headers: new SipHeaders() }) as const;

describe("a far end's dialog and the media of its call", () => {
  test("the first agreement begins the media, later ones change them", async () => {
    const { leg, media, said } = await talkingLeg();
    expect(media()).toEqual(["begin-rtp sendrecv to 40000"]);
    leg.event({ type: "remote-offer", sdp: audioSdp({ port: 41_000 }) });
    expect(said()).toEqual(["answer-offer sendrecv"]);
    expect(media()).toEqual(["change-rtp sendrecv to 41000"]);
  });

  test.each([
    ["sendonly", "recvonly"],
    ["inactive", "inactive"],
    ["recvonly", "sendonly"],
  ])("held with %s: answered %s, and so do the media (RFC 3264 §6.1)", async (direction, ours) => {
    const { leg, media, said } = await talkingLeg();
    media();
    leg.event({ type: "remote-offer", sdp: audioSdp({ direction }) });
    expect(said()).toEqual([`answer-offer ${ours}`]);
    expect(media()).toEqual([`change-rtp ${ours} to 40000`]);
  });

  test("an offer with nothing in common is refused with 488, and the media stay as they were", async () => {
    const { leg, media, said } = await talkingLeg();
    media();
    leg.event({ type: "remote-offer", sdp: audioSdp({ formats: "4" }) });
    expect(said()).toEqual(["refuse-offer"]);
    expect(media()).toEqual([]);
  });

  test("a far end that wants our offer gets it; its answer counts (RFC 3261 §14.2)", async () => {
    const { leg, media, said } = await talkingLeg();
    media();
    leg.event({ type: "offer-wanted" });
    expect(said()).toEqual(["answer-offer sendrecv"]);
    leg.event({ type: "confirmed", sdp: audioSdp({ port: 42_000 }) });
    expect(media()).toEqual(["change-rtp sendrecv to 42000"]);
  });

  test("we hold and take back, each once; an offer of ours that fails leaves the media as they were", async () => {
    const { leg, media, said } = await talkingLeg();
    media();
    leg.hold(true);
    leg.hold(true);
    expect(said()).toEqual(["offer sendonly"]);
    leg.event({ type: "remote-answer", sdp: audioSdp({ direction: "recvonly" }) });
    expect(media()).toEqual(["change-rtp sendonly to 40000"]);
    leg.hold(false);
    expect(said()).toEqual(["offer sendrecv"]);
    leg.event({ type: "offer-failed", status: 488 });
    expect(media()).toEqual([]);
    leg.event({ type: "remote-offer", sdp: audioSdp() });
    expect(said()).toEqual(["answer-offer sendrecv"]);
  });

  test("an answer with nothing in common ends the dialog", async () => {
    const { leg, said } = await talkingLeg();
    leg.reoffer();
    leg.event({ type: "remote-answer", sdp: audioSdp({ formats: "4" }) });
    expect(said()).toEqual(["offer sendrecv", "hang-up"]);
  });
});

describe("keys in the signalling", () => {
  test.each([
    ["application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", "5"],
    ["application/dtmf-relay", "signal = *\nDuration=100", "*"],
    ["application/dtmf", "#", "#"],
    ["application/dtmf", " 7\r\n", "7"],
  ])("INFO with %s is a key", async (contentType, body, key) => {
    const { leg, house, callId } = await talkingLeg();
    house.commands.length = 0;
    expect(leg.event(info(contentType, body))).toBe(true);
    expect(house.commands).toEqual([{ type: "info-key", callId, key }]);
  });

  test.each([
    ["application/dtmf-relay", "Duration=160"],
    ["application/dtmf-relay", "Signal=hello"],
    ["application/dtmf", "12"],
    ["text/plain", "5"],
  ])("INFO with %s and %j is none", async (contentType, body) => {
    const { leg, house } = await talkingLeg();
    house.commands.length = 0;
    leg.event(info(contentType, body));
    expect(house.commands).toEqual([]);
  });

  test("keys of ours go one after the other, each when the one before was answered, whatever the answer", async () => {
    const { leg, said } = await talkingLeg("info");
    leg.sendKeys("12");
    leg.sendKeys("#");
    expect(said()).toEqual(["send 1"]);
    leg.event({ type: "sent", token: "key", status: 200 });
    expect(said()).toEqual(["send 2"]);
    leg.event({ type: "sent", token: "key", status: 415 });
    expect(said()).toEqual(["send #"]);
    leg.event({ type: "sent", token: "key", status: 200 });
    expect(said()).toEqual([]);
    leg.sendKeys("4");
    expect(said()).toEqual(["send 4"]);
  });

  test("the results of other requests are somebody else's", async () => {
    const { leg } = await talkingLeg();
    expect(leg.event({ type: "sent", token: "probe", status: 200 })).toBe(false);
  });
});
