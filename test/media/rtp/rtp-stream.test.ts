import { describe, expect, test } from "vitest";
import { createDecoder, createEncoder } from "../../../src/codecs/codec.ts";
import {
  type AudioFormat,
  frameBytes,
  frameSamples,
  g722at16k,
  l16at8k,
  l16at16k,
  l16at24k,
  pcma8k,
  pcmu8k,
} from "../../../src/codecs/format.ts";
import { encodeG711, pcmuLaw } from "../../../src/codecs/g711.ts";
import type { RtpAddress } from "../../../src/media/rtp/latching.ts";
import type { MediaPlan, RtpCodec } from "../../../src/media/rtp/media-plan.ts";
import type { RtpNews } from "../../../src/media/rtp/media-watch.ts";
import { parseRtp, RtpPacket } from "../../../src/media/rtp/packet.ts";
import { parseRtcp } from "../../../src/media/rtp/rtcp.ts";
import { RtpStream } from "../../../src/media/rtp/rtp-stream.ts";
import type { RtpStreamOptions } from "../../../src/media/rtp/rtp-stream-contract.ts";
import { makeSrtpKeys } from "../../../src/media/rtp/sdes.ts";
import { type SrtpSuite, srtpShapes } from "../../../src/media/rtp/srtp-keys.ts";
import { rms, splitTone, tone } from "../../codecs/tone.ts";
import { LossyLink } from "../../kit/lossy-link.ts";
import { SeededRandom } from "../../kit/seeded-random.ts";
import { speech } from "../../kit/speech.ts";

const pcmu: RtpCodec = { payloadType: 0, format: pcmu8k, clockRateHz: 8000 };
const pcma: RtpCodec = { payloadType: 8, format: pcma8k, clockRateHz: 8000 };
const g722: RtpCodec = { payloadType: 9, format: g722at16k, clockRateHz: 8000 };
const opus: RtpCodec = { payloadType: 111, format: { encoding: "opus", sampleRateHz: 48_000 }, clockRateHz: 48_000 };
const l16: RtpCodec = { payloadType: 96, format: l16at16k, clockRateHz: 16_000 };

const home: RtpAddress = { address: "192.0.2.1", port: 20_000 };
const away: RtpAddress = { address: "192.0.2.2", port: 30_000 };

function plan(changes: Partial<MediaPlan> = {}): MediaPlan {
  return {
    codecs: [pcmu],
    events: [
      { payloadType: 101, clockRateHz: 8000 },
      { payloadType: 110, clockRateHz: 48_000 },
    ],
    comfortNoise: undefined,
    ptimeMs: 20,
    direction: "sendrecv",
    remote: away,
    remoteRtcp: undefined,
    rtcpMux: true,
    srtp: undefined,
    dtmfSend: "event",
    inbandDetection: false,
    ...changes,
  };
}

interface Datagram {
  readonly bytes: Uint8Array;
  readonly to: RtpAddress;
  readonly rtcp: boolean;
}

/** A leg whose orders are written down. */
class Leg {
  readonly sent: Datagram[] = [];
  readonly heard: Uint8Array[] = [];
  keys = "";
  readonly news: RtpNews[] = [];
  readonly stream: RtpStream;

  constructor(options: Partial<RtpStreamOptions> = {}, seed = 1) {
    const random = new SeededRandom(seed);
    const full: RtpStreamOptions = {
      inner: pcmu8k,
      plan: plan(),
      ssrc: seed,
      firstSeq: 65_500,
      firstTimestamp: 2 ** 32 - 8000,
      cname: `leg-${seed}`,
      wallOffsetMs: 1.7e12,
      random: () => random.next(),
      ...options,
    };
    const write = (rtcp: boolean) => (bytes: Uint8Array, size: number, to: RtpAddress) =>
      void this.sent.push({ bytes: bytes.slice(0, size), to, rtcp });
    this.stream = new RtpStream(
      full,
      {
        rtp: write(false),
        rtcp: write(true),
        audio: (frame) => void this.heard.push(frame.slice()),
        key: (key) => {
          this.keys += key;
        },
        news: (news) => void this.news.push(news),
      },
      0,
    );
  }

  /** Packets sent, parsed. */
  packets(): RtpPacket[] {
    return this.sent
      .filter(({ rtcp }) => !rtcp)
      .map(({ bytes }) => {
        const packet = new RtpPacket();
        expect(parseRtp(bytes, packet)).toBeUndefined();
        return packet;
      });
  }

  /** All audio heard, as PCM of the inner format. */
  pcm(inner: AudioFormat): Int16Array {
    const samples = frameSamples(inner);
    const decoder = createDecoder(inner);
    const out = new Int16Array(samples * this.heard.length);
    this.heard.forEach((frame, i) => void decoder.decode(frame, out.subarray(i * samples, (i + 1) * samples)));
    return out;
  }
}

/** A frame of a tone in the format; `n` counts frames. */
function toneFrame(format: AudioFormat, frequencyHz: number, n: number): Uint8Array {
  const samples = frameSamples(format);
  const out = new Uint8Array(frameBytes(format));
  createEncoder(format).encode(tone(frequencyHz, format.sampleRateHz, samples, 8000, n * samples), out);
  return out;
}

/** Two legs joined for `ms` from a moment on; a says a 440 Hz tone in its inner format. */
function talk(a: Leg, b: Leg, inner: AudioFormat, ms: number, from = 0): void {
  let [aSent, bSent] = [a.sent.length, b.sent.length];
  for (let now = from; now < from + ms; now += 20) {
    a.stream.send(toneFrame(inner, 440, now / 20));
    a.stream.tick(now);
    b.stream.tick(now);
    for (; aSent < a.sent.length; aSent++) pass(a.sent[aSent]!, b, home, now);
    for (; bSent < b.sent.length; bSent++) pass(b.sent[bSent]!, a, away, now);
  }
}

function pass({ bytes }: Datagram, to: Leg, from: RtpAddress, now: number): void {
  to.stream.datagram(bytes.slice(), bytes.length, from.address, from.port, now);
}

describe("RTP leg, audio", () => {
  test.each([
    ["PCMU untouched", pcmu, pcmu8k],
    ["PCMA to μ-law inside", pcma, pcmu8k],
    ["G.722", g722, l16at16k],
    ["L16", l16, l16at16k],
    ["Opus", opus, l16at24k],
    ["Opus to μ-law inside", opus, pcmu8k],
    ["Opus worked on at 8 kHz", { ...opus, format: { encoding: "opus", sampleRateHz: 8000 } } as RtpCodec, pcmu8k],
    ["PCMU to 24 kHz inside", pcmu, l16at24k],
  ])("%s: a tone arrives at its level and pitch", (_, codec, inner) => {
    const options = { inner, plan: plan({ codecs: [codec] }) };
    const [a, b] = [new Leg(options, 1), new Leg(options, 2)];
    talk(a, b, inner, 2000);
    const pcm = b.pcm(inner).subarray(inner.sampleRateHz / 2, inner.sampleRateHz * 1.5);
    const { toneRms, restRms } = splitTone(pcm, 440, inner.sampleRateHz);
    expect(toneRms).toBeGreaterThan(5300);
    expect(toneRms).toBeLessThan(6000);
    expect(restRms).toBeLessThan(toneRms / 8);
  });

  test("the inside goes over to another rate in the middle: the tone goes on, in one row of packets", () => {
    const opusAt = (sampleRateHz: 8000 | 24_000): RtpCodec => ({ ...opus, format: { encoding: "opus", sampleRateHz } });
    const options = { inner: l16at24k, plan: plan({ codecs: [opusAt(24_000)] }) };
    const [a, b] = [new Leg(options, 1), new Leg(options, 2)];
    talk(a, b, l16at24k, 1000);
    b.heard.length = 0;
    for (const { stream } of [a, b]) stream.setInner(l16at8k, plan({ codecs: [opusAt(8000)] }));
    talk(a, b, l16at8k, 1500, 1000);
    expect(b.heard.every((frame) => frame.length === frameBytes(l16at8k))).toBe(true);
    const { toneRms, restRms } = splitTone(b.pcm(l16at8k).subarray(4000), 440, 8000);
    expect(toneRms).toBeGreaterThan(5300);
    expect(restRms).toBeLessThan(toneRms / 8);
    a.packets().forEach((packet, i) => {
      expect(packet.seq).toBe((65_500 + i) & 0xffff);
      expect(packet.timestamp).toBe((2 ** 32 - 8000 + i * 960) % 2 ** 32);
      expect(packet.marker).toBe(i === 0);
    });
  });

  test("μ-law bytes go through both ways without a change", () => {
    const [a, b] = [new Leg({}, 1), new Leg({}, 2)];
    talk(a, b, pcmu8k, 400);
    const first = b.heard.findIndex((frame) => frame.some((byte) => byte !== 0xff));
    expect(Buffer.from(b.heard[first]!).equals(toneFrame(pcmu8k, 440, 0))).toBe(true);
    expect(Buffer.from(b.heard[first + 5]!).equals(toneFrame(pcmu8k, 440, 5))).toBe(true);
  });

  test.each([10, 20, 30, 40, 60])("packets of %i ms: steady numbers, and no gap at the other end", (ptimeMs) => {
    const options = { plan: plan({ ptimeMs }) };
    const [a, b] = [new Leg(options, 1), new Leg(options, 2)];
    talk(a, b, pcmu8k, 3000);
    const packets = a.packets();
    expect(packets[0]!.marker).toBe(true);
    packets.forEach((packet, i) => {
      expect(packet.seq).toBe((65_500 + i) & 0xffff);
      expect(packet.timestamp).toBe((2 ** 32 - 8000 + i * ptimeMs * 8) % 2 ** 32);
      expect(packet.payloadEnd - packet.payloadStart).toBe(ptimeMs * 8);
    });
    const { toneRms, restRms } = splitTone(b.pcm(pcmu8k).subarray(8000, 16_000), 440, 8000);
    expect(restRms).toBeLessThan(toneRms / 15);
    expect(b.stream.inbound.counters.concealed).toBe(0);
  });

  test.each(Object.keys(srtpShapes) as SrtpSuite[])(
    "SRTP %s: audio, keys and reports pass, plain packets do not",
    (suite) => {
      const random = new SeededRandom(3);
      const make = () => makeSrtpKeys(suite, (size) => Uint8Array.from({ length: size }, () => random.int(0, 255)));
      const [ours, theirs] = [make(), make()];
      const a = new Leg({ plan: plan({ srtp: { send: ours, receive: theirs } }) }, 1);
      const b = new Leg({ plan: plan({ srtp: { send: theirs, receive: ours } }) }, 2);
      a.stream.press("42#");
      talk(a, b, pcmu8k, 8000);
      expect(b.keys).toBe("42#");
      expect(splitTone(b.pcm(pcmu8k).subarray(24_000, 32_000), 440, 8000).toneRms).toBeGreaterThan(5300);
      expect(a.stream.rtcp.statistics().farPacketsLost).toBe(0);
      const before = b.stream.counters.packets;
      pass({ bytes: new Leg({}, 9).sent[0]?.bytes ?? plainPacket(), to: home, rtcp: false }, b, home, 8000);
      expect(b.stream.counters.packets).toBe(before);
      expect(b.stream.notAuthentic).toBe(1);
    },
  );

  test("a codec change in the middle of the call is heard as one tone", () => {
    const codecs = [pcmu, pcma, g722, opus];
    const [a, b] = [new Leg({ plan: plan({ codecs }) }, 1), new Leg({ plan: plan({ codecs }) }, 2)];
    let aSent = 0;
    for (let now = 0; now < 8000; now += 20) {
      const codec = codecs[Math.floor(now / 2000)]!;
      if (now % 2000 === 0)
        a.stream.replan(plan({ codecs: [codec, ...codecs.filter((other) => other !== codec)] }), now);
      a.stream.send(toneFrame(pcmu8k, 440, now / 20));
      a.stream.tick(now);
      for (; aSent < a.sent.length; aSent++) if (!a.sent[aSent]!.rtcp) pass(a.sent[aSent]!, b, home, now);
      b.stream.tick(now);
    }
    const types = new Set(a.packets().map(({ payloadType }) => payloadType));
    expect([...types]).toEqual([0, 8, 9, 111]);
    const pcm = b.pcm(pcmu8k);
    for (const second of [1, 3, 5, 7]) {
      const { toneRms, restRms } = splitTone(pcm.subarray(second * 8000, second * 8000 + 6000), 440, 8000);
      expect(toneRms).toBeGreaterThan(5000);
      expect(restRms).toBeLessThan(toneRms / 6);
    }
  });

  test("silence with comfort noise: a few packets, a marker when speech begins again, noise at the other end", () => {
    const options = { plan: plan({ comfortNoise: 13 }) };
    const [a, b] = [new Leg(options, 1), new Leg(options, 2)];
    talk(a, b, pcmu8k, 400);
    let sent = a.sent.length;
    for (let now = 400; now < 2400; now += 20) {
      a.stream.tick(now);
      for (; sent < a.sent.length; sent++) pass(a.sent[sent]!, b, home, now);
      b.stream.tick(now);
    }
    a.stream.send(toneFrame(pcmu8k, 440, 0));
    a.stream.tick(2400);
    const packets = a.packets();
    expect(packets.filter(({ payloadType }) => payloadType === 13).length).toBe(10);
    expect(packets.at(-1)).toMatchObject({ payloadType: 0, marker: true });
    expect(packets.at(-1)!.timestamp).toBe((2 ** 32 - 8000 + 2400 * 8) % 2 ** 32);
    expect(b.stream.inbound.counters.concealed).toBeLessThan(8);
  });

  test("queued audio goes out at an even pace, 500 ms at most, and can be dropped", () => {
    const leg = new Leg();
    const second = new Uint8Array(1600).fill(0x55);
    expect(leg.stream.send(second)).toBe(true);
    expect(leg.stream.send(second)).toBe(true);
    expect(leg.stream.send(second)).toBe(false);
    expect(leg.stream.outbound.aheadMs).toBe(400);
    for (let now = 0; now < 200; now += 20) leg.stream.tick(now);
    expect(leg.stream.outbound.aheadMs).toBe(200);
    leg.stream.outbound.clear();
    leg.stream.tick(200);
    expect([...leg.packets().at(-1)!.payload()].every((byte) => byte === 0xff)).toBe(true);
  });
});

/** One plain PCMU packet. */
function plainPacket(): Uint8Array {
  const bytes = new Uint8Array(172);
  bytes.set([0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7]);
  return bytes;
}

describe("RTP leg over a bad network", () => {
  test("speech through 5 % loss, 60 ms of jitter and 2 % duplicates is whole but for what was lost", () => {
    const random = new SeededRandom(21);
    const link = new LossyLink<Uint8Array>(random, {
      delayMs: 40,
      jitterMs: 60,
      lossShare: 0.05,
      duplicateShare: 0.02,
    });
    const [a, b] = [new Leg({}, 1), new Leg({}, 2)];
    const pcm = speech("vm-intro");
    const frames = Math.floor(pcm.length / 160);
    let sent = 0;
    for (let n = 0; n < frames + 20; n++) {
      const now = n * 20;
      const frame = new Uint8Array(160).fill(0xff);
      if (n < frames) encodeG711(pcmuLaw, pcm.subarray(n * 160, n * 160 + 160), frame);
      a.stream.send(frame);
      a.stream.tick(now);
      for (; sent < a.sent.length; sent++) if (!a.sent[sent]!.rtcp) link.send(a.sent[sent]!.bytes, now);
      link.deliver(now, (bytes, at) => pass({ bytes, to: home, rtcp: false }, b, home, at));
      b.stream.tick(now);
    }
    const { jitter, counters } = b.stream.inbound;
    expect(jitter.counters.duplicate).toBeGreaterThan(0);
    expect(jitter.counters.lost).toBeLessThan(link.lost + frames * 0.03);
    expect(counters.concealed).toBeGreaterThan(0);
    const heard = b.pcm(pcmu8k);
    expect(rms(heard)).toBeGreaterThan(rms(pcm) * 0.85);
    expect(b.stream.rtcp.statistics().packetsLost).toBeLessThanOrEqual(link.lost);
  });

  test.each([200, -200])(
    "an hour of a sender whose clock is %i ppm off: no click, no loss, no creeping delay",
    (ppm) => {
      const leg = new Leg();
      const [ours, header] = [new RtpPacket(), plainPacket()];
      expect(parseRtp(header, ours)).toBeUndefined();
      const frames = Array.from({ length: 50 }, (_, n) => toneFrame(pcmu8k, 400, n));
      const table = new Int16Array(160);
      const decoder = createDecoder(pcmu8k);
      let [sent, last, largest, delaySum] = [0, 0, 0, 0];
      const count = 3600 * 50;
      leg.heard.push = (frame) => {
        decoder.decode(frame!, table);
        for (let i = 0; i < 160; i++) {
          largest = Math.max(largest, Math.abs(table[i]! - last));
          last = table[i]!;
        }
        return 0;
      };
      for (let tick = 0; tick < count; tick++) {
        const now = tick * 20;
        for (; sent * 20 * (1 - ppm / 1e6) <= now; sent++) {
          header[2] = sent >> 8;
          header[3] = sent;
          new DataView(header.buffer).setUint32(4, (sent * 160) >>> 0);
          header.set(frames[sent % 50]!, 12);
          leg.stream.datagram(header, header.length, away.address, away.port, sent * 20 * (1 - ppm / 1e6));
        }
        leg.stream.tick(now);
        if (tick > count - 500) delaySum += leg.stream.inbound.jitter.delayMs;
      }
      const { counters, jitter } = leg.stream.inbound;
      expect(jitter.counters).toMatchObject({ lost: 0, late: 0, dropped: 0, resyncs: 0, underruns: 0 });
      expect(counters.concealed).toBe(0);
      // 720 ms of drift in pieces of up to 10 ms.
      expect(ppm > 0 ? counters.shrunk : counters.stretched).toBeGreaterThan(70);
      expect(delaySum / 500).toBeLessThan(50);
      // A 400 Hz tone of this amplitude moves by 2513 from sample to sample.
      expect(largest).toBeLessThan(2513 * 1.15);
    },
    60_000,
  );
});

describe("RTP leg, keys", () => {
  test("pressed keys arrive once each, and the audio around them goes on", () => {
    const [a, b] = [new Leg({}, 1), new Leg({}, 2)];
    expect(a.stream.press("1234567890*#ABCD")).toBe(true);
    talk(a, b, pcmu8k, 5000);
    expect(b.keys).toBe("1234567890*#ABCD");
    expect(a.packets().filter(({ payloadType }) => payloadType === 101).length).toBe(16 * 7);
    expect(b.stream.inbound.jitter.counters.lost).toBe(0);
  });

  test("with Opus the event type of its clock is used (RFC 4733 §2.1)", () => {
    const a = new Leg({ inner: l16at24k, plan: plan({ codecs: [opus] }) });
    a.stream.press("5");
    for (let now = 0; now < 200; now += 20) a.stream.tick(now);
    const events = a.packets().filter(({ payloadType }) => payloadType === 110);
    expect(events.length).toBe(7);
    expect(new DataView(events.at(-1)!.bytes.buffer).getUint16(14)).toBe(4800);
  });

  test("tones in the audio are found when asked for, and sent when the trunk wants them", () => {
    const options = { plan: plan({ dtmfSend: "inband" as const, inbandDetection: true, events: [] }) };
    const [a, b] = [new Leg(options, 1), new Leg(options, 2)];
    a.stream.press("159#");
    talk(a, b, pcmu8k, 2000);
    expect(b.keys).toBe("159#");
  });

  test("a key by INFO and by event is one key; by INFO alone it is one too", () => {
    const [a, b] = [new Leg({}, 1), new Leg({}, 2)];
    a.stream.press("7");
    talk(a, b, pcmu8k, 200);
    b.stream.infoKey("7", 220);
    b.stream.infoKey("8", 240);
    b.stream.infoKey("nonsense", 260);
    expect(b.keys).toBe("78");
  });

  test("keys that go by the signalling are refused here", () => {
    expect(new Leg({ plan: plan({ dtmfSend: "info" }) }).stream.press("1")).toBe(false);
  });
});

describe("RTP leg, news", () => {
  function waitFor(leg: Leg, ms: number, from = 0): string[] {
    for (let now = from; now <= from + ms; now += 20) leg.stream.tick(now);
    return leg.news.map((news) => (news.type === "one-way-audio" ? `${news.type}: ${news.reason}` : news.type));
  }

  test("nothing within half a second of the answer is told with its reason", () => {
    const publicAddress = { address: "8.8.8.8", port: 4000 };
    const cases: [string, MediaPlan, (leg: Leg) => void][] = [
      ["nothing-sent", plan({ remote: publicAddress }), () => {}],
      ["private-address", plan({ remote: { address: "192.168.1.20", port: 4000 } }), () => {}],
      ["port-unreachable", plan({ remote: publicAddress }), (leg) => leg.stream.unreachable()],
      [
        "wrong-payload-type",
        plan({ remote: publicAddress, codecs: [pcma] }),
        (leg) => leg.stream.datagram(plainPacket(), 172, "8.8.8.8", 4000, 100),
      ],
    ];
    for (const [reason, changed, happen] of cases) {
      const leg = new Leg({ plan: changed });
      leg.stream.answered(0);
      happen(leg);
      expect(waitFor(leg, 480)).toEqual([]);
      expect(waitFor(leg, 2000, 500)).toEqual([`one-way-audio: ${reason}`]);
      const [news] = leg.news;
      expect(news).toMatchObject({ text: expect.stringMatching(/^[A-Z].+\.$/) });
    }
  });

  test("audio in time is no news but its start; on hold nobody waits for any", () => {
    const leg = new Leg();
    leg.stream.answered(0);
    leg.stream.datagram(plainPacket(), 172, away.address, away.port, 300);
    expect(waitFor(leg, 2000, 300)).toEqual(["rtp-started"]);
    const held = new Leg({ plan: plan({ direction: "sendonly" }) });
    held.stream.answered(0);
    expect(waitFor(held, 60_000)).toEqual([]);
  });

  test("silence is told every 30 s, and its end", () => {
    const leg = new Leg();
    leg.stream.answered(0);
    leg.stream.datagram(plainPacket(), 172, away.address, away.port, 0);
    expect(waitFor(leg, 29_980)).toEqual(["rtp-started"]);
    expect(waitFor(leg, 29_900, 30_000)).toEqual(["rtp-started", "no-rtp"]);
    expect(waitFor(leg, 10_000, 60_000)).toEqual(["rtp-started", "no-rtp", "no-rtp"]);
    leg.stream.datagram(plainPacket(), 172, away.address, away.port, 70_100);
    expect(waitFor(leg, 100, 70_100)).toEqual(["rtp-started", "no-rtp", "no-rtp", "rtp-resumed"]);
    expect(waitFor(leg, 30_100, 70_200)).toEqual(["rtp-started", "no-rtp", "no-rtp", "rtp-resumed", "no-rtp"]);
  });

  test("a stranger's packets and reports change nothing, and cost no audio", () => {
    const leg = new Leg();
    leg.stream.datagram(plainPacket(), 172, away.address, away.port, 0);
    for (let i = 0; i < 50; i++) leg.stream.datagram(plainPacket(), 172, "198.51.100.7", 666, 10);
    const bye = new Leg({}, 7);
    bye.stream.close(0);
    pass(bye.sent[0]!, leg, { address: "198.51.100.7", port: 666 }, 20);
    expect(waitFor(leg, 100)).toEqual(["rtp-started"]);
    expect(leg.stream.counters).toMatchObject({ packets: 1, foreign: 1 });
    expect(leg.stream.latch.counters.refused).toBe(50);
    expect(leg.sent.every(({ to }) => to.address === away.address)).toBe(true);
  });

  test("reports come about every 5 s and the leg ends with a BYE (RFC 3550 §6.6)", () => {
    const [a, b] = [new Leg({}, 1), new Leg({}, 2)];
    talk(a, b, pcmu8k, 60_000);
    const reports = a.sent.filter(({ rtcp }) => rtcp).length;
    expect(reports).toBeGreaterThan(9);
    expect(reports).toBeLessThan(25);
    expect(a.stream.rtcp.statistics().roundTripMs).toBeLessThan(1);
    a.stream.close(60_000);
    a.stream.close(60_000);
    const last = a.sent.at(-1)!;
    expect(parseRtcp(last.bytes)).toContainEqual({ type: "bye", ssrcs: [1] });
    expect(a.sent.filter(({ rtcp }) => rtcp).length).toBe(reports + 1);
    pass(last, b, home, 60_000);
    expect(b.news.at(-1)).toEqual({ type: "rtcp-bye" });
    expect(a.stream.send(new Uint8Array(160))).toBe(false);
  });

  test("without rtcp-mux reports go to the SDP's port, or to the one after the media's", () => {
    const [a, b] = [new Leg({ plan: plan({ rtcpMux: false }) }, 1), new Leg({}, 2)];
    talk(a, b, pcmu8k, 8000);
    expect(new Set(a.sent.filter(({ rtcp }) => rtcp).map(({ to }) => to.port))).toEqual(new Set([away.port + 1]));
    const remoteRtcp = { address: away.address, port: 4711 };
    const named = new Leg({ plan: plan({ rtcpMux: false, remoteRtcp }) });
    waitFor(named, 8000);
    expect(new Set(named.sent.filter(({ rtcp }) => rtcp).map(({ to }) => to.port))).toEqual(new Set([4711]));
  });

  test("random datagrams from the far end's own address neither throw nor stop the audio", () => {
    const random = new SeededRandom(13);
    const leg = new Leg({ plan: plan({ codecs: [pcmu, g722, opus], comfortNoise: 13, inbandDetection: true }) });
    for (let now = 0; now < 20_000; now += 20) {
      for (let i = 0; i < 5; i++) {
        const bytes = Uint8Array.from({ length: random.int(0, 300) }, () => random.int(0, 255));
        if (bytes.length > 1) bytes.set([0x80, random.pick([0, 9, 13, 101, 110, 111, 200, 201, 0x80])]);
        leg.stream.datagram(bytes, bytes.length, away.address, away.port, now);
      }
      leg.stream.tick(now);
    }
    expect(leg.heard.length).toBeGreaterThan(900);
    expect(leg.heard.every((frame) => frame.length === 160)).toBe(true);
  });
});
