import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { decodeG711, encodeG711, pcmuLaw } from "../../../src/codecs/g711.ts";
import { DtmfDedup, type DtmfMode } from "../../../src/media/rtp/dtmf-dedup.ts";
import { InbandDtmfDetector, writeDtmf } from "../../../src/media/rtp/inband-dtmf.ts";
import { dtmfKeys, TelephoneEventReceiver, TelephoneEventSender } from "../../../src/media/rtp/telephone-event.ts";
import { rtpTimestamp } from "../../../src/media/rtp/wrap.ts";
import { SeededRandom } from "../../kit/seeded-random.ts";
import { speech } from "../../kit/speech.ts";

interface EventPacket {
  readonly key: string;
  readonly timestamp: number;
  readonly duration: number;
  readonly end: boolean;
  readonly at: number;
}

/** A press as phones send it: a packet every 20 ms, the end three times. */
function press(key: string, startMs: number, lengthMs: number, ticksPerMs = 8): EventPacket[] {
  const packets: EventPacket[] = [];
  for (let ms = 20; ms < lengthMs; ms += 20) {
    packets.push({ key, timestamp: startMs * ticksPerMs, duration: ms * ticksPerMs, end: false, at: startMs + ms });
  }
  const end = {
    key,
    timestamp: startMs * ticksPerMs,
    duration: lengthMs * ticksPerMs,
    end: true,
    at: startMs + lengthMs,
  };
  return [...packets, end, end, end];
}

function receive(packets: readonly EventPacket[], clockRateHz = 8000): string {
  const receiver = new TelephoneEventReceiver(clockRateHz);
  let keys = "";
  for (const { key, timestamp, duration, end, at } of packets) {
    const event = dtmfKeys.indexOf(key);
    const payload = Uint8Array.of(event, (end ? 0x80 : 0) | 10, duration >> 8, duration);
    if (receiver.handle(payload, 0, 4, rtpTimestamp(timestamp), at) === "key") keys += receiver.key;
  }
  return keys;
}

describe("telephone events received (RFC 4733)", () => {
  test("each key once, however often its packets come", () => {
    const packets = [...press("1", 0, 100), ...press("1", 200, 100), ...press("#", 400, 60), ...press("D", 500, 40)];
    expect(receive(packets)).toBe("11#D");
    expect(receive(packets.flatMap((packet) => [packet, packet]))).toBe("11#D");
  });

  test("any packets may be missing as long as one of each press comes", () => {
    const presses = [press("5", 0, 100), press("5", 200, 100), press("0", 400, 100), press("9", 600, 100)];
    const random = new SeededRandom(9);
    for (let run = 0; run < 300; run++) {
      const left = presses.flatMap((packets) => {
        const kept = packets.filter(() => random.chance(0.3));
        return kept.length > 0 ? kept : [random.pick(packets)];
      });
      expect(receive(left)).toBe("5509");
    }
  });

  test("a packet of the last press that comes after the next one began is no new press", () => {
    const first = press("1", 0, 100);
    const second = press("2", 120, 100);
    const late = { ...first.at(-1)!, at: 145 };
    expect(receive([...first.slice(0, -1), second[0]!, late, ...second.slice(1)])).toBe("12");
  });

  test("a press of 20 s, longer than one duration can tell, is one key (§2.5.1.3)", () => {
    const packets: EventPacket[] = [];
    for (let segment = 0; segment < 2; segment++) {
      for (let ms = 20; ms <= 8180; ms += 20) {
        const timestamp = segment * 8180 * 8;
        packets.push({ key: "7", timestamp, duration: ms * 8, end: false, at: segment * 8180 + ms });
      }
    }
    expect(receive(packets)).toBe("7");
  });

  test("a gateway that moves the timestamp with each packet of a press still gives one key", () => {
    const packets = press("4", 0, 160).map((packet) => ({ ...packet, timestamp: packet.duration }));
    expect(receive(packets)).toBe("4");
  });

  test("works at Opus' clock and across the wrap of the timestamp", () => {
    const near = (2 ** 32 - 48 * 250) / 48;
    const packets = [...press("3", 0, 100, 48), ...press("3", 250, 100, 48)].map((packet) => ({
      ...packet,
      timestamp: packet.timestamp + near * 48,
    }));
    expect(receive(packets, 48_000)).toBe("33");
  });

  test("flash and fax tones are ignored, a short payload is malformed", () => {
    const receiver = new TelephoneEventReceiver(8000);
    expect(receiver.handle(Uint8Array.of(16, 0, 0, 160), 0, 4, rtpTimestamp(0), 0)).toBe("ignored");
    expect(receiver.handle(Uint8Array.of(1, 0, 0), 0, 3, rtpTimestamp(0), 0)).toBe("malformed");
  });
});

describe("telephone events sent (RFC 4733 §2.5.1)", () => {
  test("a key grows every 20 ms under one timestamp and ends three times; keys are apart", () => {
    const sender = new TelephoneEventSender({ keyMs: 60, pauseMs: 40, volume: 10 });
    expect(sender.press("1d")).toBe(true);
    const picture: string[] = [];
    for (let tick = 0; sender.busy || tick < 10; tick++) {
      const step = sender.tick(rtpTimestamp(1000 + tick * 160), 8000);
      const [event, flags, high, low] = sender.payload;
      const duration = (high! << 8) | low!;
      if (step !== "event") picture.push(step);
      else {
        const parts = [event, sender.timestamp, duration, flags! & 0x80 ? "end" : "", sender.marker ? "marker" : ""];
        picture.push(`${parts.filter((part) => part !== "").join(" ")} ×${sender.copies}`);
      }
    }
    expect(picture).toEqual([
      "1 1000 160 marker ×1",
      "1 1000 320 ×1",
      "1 1000 480 end ×3",
      "pause",
      "pause",
      "15 1800 160 marker ×1",
      "15 1800 320 ×1",
      "15 1800 480 end ×3",
      "pause",
      "pause",
    ]);
  });

  test("what is no key is refused, and so is more than 64 keys", () => {
    const sender = new TelephoneEventSender();
    expect(sender.press("12x")).toBe(false);
    expect(sender.busy).toBe(false);
    expect(sender.press("1".repeat(65))).toBe(false);
    expect(sender.press("0123456789*#ABCD")).toBe(true);
  });
});

/** Audio in 20 ms frames through a detector. */
function detect(pcm: Int16Array, sampleRateHz: 8000 | 16000 = 8000): string {
  const detector = new InbandDtmfDetector(sampleRateHz);
  let keys = "";
  const frame = sampleRateHz / 50;
  for (let at = 0; at < pcm.length; at += frame) keys += detector.detect(pcm.subarray(at, at + frame));
  return keys;
}

/** Keys of `onMs` with `offMs` between, `shift` samples into the first frame. */
function tones(keys: string, onMs: number, offMs: number, shift: number, amplitude: number, rate: 8000 | 16000 = 8000) {
  const step = ((onMs + offMs) * rate) / 1000;
  const pcm = new Int16Array(keys.length * step + rate / 5);
  for (let i = 0; i < keys.length; i++) {
    const start = shift + i * step;
    writeDtmf(pcm.subarray(start, start + (onMs * rate) / 1000), keys[i]!, rate, 0, amplitude);
  }
  return pcm;
}

describe("keys in the audio", () => {
  test.each([1200, 4000, 12_000])(
    "all keys of 40 ms, 40 ms apart, wherever they begin, at amplitude %i",
    (amplitude) => {
      const keys = "1122334455667788990**##AABBCCDD";
      for (let shift = 0; shift < 160; shift += 13) {
        const pcm = tones(keys, 40, 40, shift, amplitude);
        const wire = new Uint8Array(pcm.length);
        encodeG711(pcmuLaw, pcm, wire);
        decodeG711(pcmuLaw, wire, pcm);
        expect(detect(pcm)).toBe(keys);
      }
    },
  );

  test("works at 16 kHz too", () => {
    expect(detect(tones("147*", 60, 60, 33, 6000, 16000), 16000)).toBe("147*");
  });

  test("a tone of 20 ms is no key (ITU-T Q.24: shorter than 23 ms)", () => {
    for (let shift = 0; shift < 160; shift += 13) expect(detect(tones("159D", 20, 60, shift, 6000))).toBe("");
  });

  test("a gap of 10 ms inside a press does not double it", () => {
    const pcm = tones("5", 200, 100, 0, 6000);
    pcm.fill(0, 800, 880);
    expect(detect(pcm)).toBe("5");
  });

  test("too much twist is no key: high 8 dB over low, low 12 dB over high (ITU-T Q.24)", () => {
    const mix = (low: number, high: number) =>
      Int16Array.from({ length: 1600 }, (_, i) => {
        const t = (2 * Math.PI * i) / 8000;
        return low * Math.sin(770 * t) + high * Math.sin(1336 * t);
      });
    expect(detect(mix(4000, 4000))).toBe("5");
    expect(detect(mix(6000, 3000))).toBe("5");
    expect(detect(mix(3000, 3000 * 2.6))).toBe("");
    expect(detect(mix(3000 * 4.1, 3000))).toBe("");
  });

  test("one tone alone, two of one group, and noise are no keys", () => {
    const random = new SeededRandom(8);
    const wave = (...hz: number[]) =>
      Int16Array.from({ length: 1600 }, (_, i) =>
        hz.reduce((sum, f) => sum + 4000 * Math.sin((2 * Math.PI * f * i) / 8000), 0),
      );
    expect(detect(wave(770))).toBe("");
    expect(detect(wave(770, 852))).toBe("");
    expect(detect(wave(1336, 1477))).toBe("");
    expect(detect(wave(350, 440))).toBe("");
    expect(detect(Int16Array.from({ length: 80_000 }, () => random.int(-20_000, 20_000)))).toBe("");
  });

  test("more than ten minutes of speech hold no key", () => {
    const folder = "/usr/share/asterisk/sounds/en_US_f_Allison";
    const detector = new InbandDtmfDetector(8000);
    let samples = 0;
    let keys = "";
    for (const file of readdirSync(folder, { recursive: true }).map(String)) {
      if (!file.endsWith(".wav")) continue;
      const pcm = speech(file.slice(0, -4));
      for (let at = 0; at < pcm.length; at += 160) keys += detector.detect(pcm.subarray(at, at + 160));
      samples += pcm.length;
    }
    expect(samples / 8000 / 60).toBeGreaterThan(10);
    expect(keys).toBe("");
  });
});

describe("one key for all modes", () => {
  function accepted(reports: readonly (readonly [string, DtmfMode, number])[]): string {
    const dedup = new DtmfDedup();
    return reports.map(([key, mode, at]) => (dedup.accept(key, mode, at) ? key : "")).join("");
  }

  test("a press told by event, audio and INFO is one key", () => {
    expect(
      accepted([
        ["1", "event", 0],
        ["1", "inband", 60],
        ["1", "info", 300],
      ]),
    ).toBe("1");
  });

  test("the same key pressed twice fast is two keys, in one mode and in two", () => {
    expect(
      accepted([
        ["1", "event", 0],
        ["1", "event", 120],
      ]),
    ).toBe("11");
    expect(
      accepted([
        ["1", "event", 0],
        ["1", "inband", 60],
        ["1", "event", 160],
        ["1", "inband", 220],
      ]),
    ).toBe("11");
    expect(
      accepted([
        ["1", "event", 0],
        ["1", "event", 160],
        ["1", "info", 200],
        ["1", "info", 350],
      ]),
    ).toBe("11");
  });

  test("another key, or the same one much later in another mode, is a key of its own", () => {
    expect(
      accepted([
        ["1", "event", 0],
        ["2", "info", 10],
        ["1", "info", 2000],
      ]),
    ).toBe("121");
  });
});
