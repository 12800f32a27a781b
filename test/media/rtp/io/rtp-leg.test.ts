import { createSocket } from "node:dgram";
import { once } from "node:events";
import { describe, expect, onTestFinished, test } from "vitest";
import { pcmu8k } from "../../../../src/codecs/format.ts";
import type { Clock } from "../../../../src/kit/clock.ts";
import { systemRandom } from "../../../../src/kit/io/random.ts";
import { systemClock } from "../../../../src/kit/io/system-clock.ts";
import { RtpLeg } from "../../../../src/media/rtp/io/rtp-leg.ts";
import type { DtmfSendMode, MediaPlan } from "../../../../src/media/rtp/media-plan.ts";
import { PortPool } from "../../../../src/media/rtp/port-pool.ts";
import { HeldClock } from "../../../control/gateway.ts";

function planOf(dtmfSend: DtmfSendMode): MediaPlan {
  return {
    codecs: [{ payloadType: 0, format: pcmu8k, clockRateHz: 8000 }],
    events: [{ payloadType: 101, clockRateHz: 8000 }],
    comfortNoise: undefined,
    ptimeMs: 20,
    direction: "sendrecv",
    remote: undefined,
    remoteRtcp: undefined,
    rtcpMux: false,
    srtp: undefined,
    dtmfSend,
    inbandDetection: false,
  };
}

/** A leg on a port the system just had free, the keys it wants sent by the signalling, and its news. */
async function openLeg(clock: Clock = systemClock, noRtpMs = 0) {
  const probe = createSocket("udp4");
  probe.bind(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  const firstPort = Math.min(port + (port & 1), 65_000);
  const wanted: string[] = [];
  const news: string[] = [];
  const leg = await RtpLeg.open({
    address: "127.0.0.1",
    ports: new PortPool({ firstPort, lastPort: firstPort + 39, restMs: 0 }, () => 0),
    rtcpMux: false,
    noRtpMs,
    clock,
    randomBytes: systemRandom,
    news: ({ type }) => news.push(type),
    keysWanted: (digits) => wanted.push(digits),
  });
  onTestFinished(() => leg.close());
  return { leg, wanted, news };
}

const nobody = { audio: () => undefined, dtmf: () => undefined, mark: () => undefined, ended: () => undefined };

describe("RTP leg", () => {
  test("keys for a far end that takes them by INFO alone go to the signalling, as they were asked for", async () => {
    const { leg, wanted } = await openLeg();
    leg.begin(planOf("info"), nobody);
    expect(leg.sendDtmf("12#")).toBe(true);
    expect(wanted).toEqual(["12#"]);
  });

  test("keys go by RTP where that was agreed on, also after a re-INVITE that changed it", async () => {
    const { leg, wanted } = await openLeg();
    leg.begin(planOf("event"), nobody);
    expect(leg.sendDtmf("1")).toBe(true);
    expect(wanted).toEqual([]);
    leg.replan(planOf("info"));
    expect(leg.sendDtmf("2")).toBe(true);
    expect(wanted).toEqual(["2"]);
  });

  test("a leg that has ended, or not begun, sends no keys", async () => {
    const { leg, wanted } = await openLeg();
    expect(leg.sendDtmf("1")).toBe(false);
    leg.begin(planOf("info"), nobody);
    leg.close();
    expect(leg.sendDtmf("2")).toBe(false);
    expect(wanted).toEqual([]);
  });

  test("before the call is answered nobody misses the far end's audio; from then on it is due", async () => {
    const clock = new HeldClock();
    const { leg, news } = await openLeg(clock, 30_000);
    leg.begin(planOf("event"), nobody);
    const wait = (ms: number) => {
      clock.ms += ms;
      leg.tick(clock.ms);
    };
    wait(60_000);
    expect(news).toEqual([]);
    leg.answered();
    wait(480);
    expect(news).toEqual([]);
    wait(20);
    leg.answered();
    wait(29_500);
    expect(news).toEqual(["one-way-audio", "no-rtp"]);
  });
});
