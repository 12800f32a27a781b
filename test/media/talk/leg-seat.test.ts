import { describe, expect, test } from "vitest";
import { type AudioFormat, frameBytes, frameSamples, l16at24k, pcmu8k } from "../../../src/codecs/format.ts";
import { encodeG711, pcmuLaw } from "../../../src/codecs/g711.ts";
import { LegSeat } from "../../../src/media/talk/leg-seat.ts";
import type { RoomRateHz } from "../../../src/media/talk/room.ts";
import { tone } from "../../codecs/tone.ts";
import { FakeLeg } from "../../kit/fake-leg.ts";
import { toneAmplitude } from "../../kit/room-party.ts";

function seatOf(options: ConstructorParameters<typeof FakeLeg>[0], rateHz: RoomRateHz = 8000) {
  const leg = new FakeLeg(options);
  let sentBytes = 0;
  const seat = new LegSeat(leg, (payload) => {
    sentBytes += payload.length;
  });
  seat.setRate(rateHz);
  const frame = new Int16Array(rateHz / 50);
  const speak = (): Int16Array | undefined => (seat.speak(frame) ? frame.slice() : undefined);
  return { leg, seat, speak, sentBytes: () => sentBytes };
}

/** A frame whose samples all are about `level`. */
const level = (value: number): Uint8Array => new Uint8Array(160).fill(pcmuLaw.encode[value & 0xffff] ?? 0);

function encode(format: AudioFormat, pcm: Int16Array): Uint8Array {
  if (format.encoding === "l16") return new Uint8Array(pcm.buffer.slice(0));
  const bytes = new Uint8Array(pcm.length);
  encodeG711(pcmuLaw, pcm, bytes);
  return bytes;
}

describe("a telephone's seat in a room", () => {
  test("an RTP leg's frame is said in the tick it came in, and what is heard goes out in the same", () => {
    const { seat, speak, leg } = seatOf({ marks: false });
    expect(speak()).toBeUndefined();
    seat.audio(level(1000));
    expect(speak()?.[80]).toBeCloseTo(1000, -2);
    expect(speak()).toBeUndefined();
    seat.hear(new Int16Array(160).fill(2000));
    expect(leg.sent).toEqual([level(2000)]);
  });

  test("nothing to hear: an RTP leg makes its own silence, after one frame that lets the filters run empty", () => {
    const { seat, leg } = seatOf({ marks: false });
    for (let i = 0; i < 5; i++) seat.hear(undefined);
    expect(leg.sent).toEqual([]);
    seat.hear(new Int16Array(160).fill(2000));
    for (let i = 0; i < 5; i++) seat.hear(undefined);
    expect(leg.sent).toEqual([level(2000), level(0)]);
  });

  test("a tone keeps its level and its pitch through any rates", () => {
    for (const format of [pcmu8k, l16at24k]) {
      for (const rateHz of [8000, 16_000] as const) {
        const { seat, speak, leg } = seatOf({ format, marks: false }, rateHz);
        const said: number[] = [];
        for (let n = 0; n < 25; n++) {
          const samples = frameSamples(format);
          seat.audio(encode(format, tone(700, format.sampleRateHz, samples, 8000, n * samples)));
          said.push(...(speak() ?? []));
        }
        const amplitude = toneAmplitude(Int16Array.from(said.slice(rateHz / 10)), 700, rateHz);
        expect(amplitude / 8000).toBeCloseTo(1, 1);
        for (let n = 0; n < 25; n++) seat.hear(tone(700, rateHz, rateHz / 50, 8000, (n * rateHz) / 50));
        expect(leg.sent.map((payload) => payload.length)).toEqual(new Array(25).fill(frameBytes(format)));
      }
    }
  });

  test("a carrier's stream fills a cushion before the first frame is said, and again after it ran dry", () => {
    const { seat, speak } = seatOf({ marks: true });
    seat.audio(level(100));
    expect(speak()).toBeUndefined();
    seat.audio(level(200));
    seat.audio(level(300));
    expect([speak()?.[0], speak()?.[0], speak()?.[0]].map((sample) => Math.round((sample ?? 0) / 100))).toEqual([
      1, 2, 3,
    ]);
    expect(speak()).toBeUndefined();
    seat.audio(level(400));
    expect(speak()).toBeUndefined();
    seat.audio(level(500));
    seat.audio(level(600));
    expect(Math.round((speak()?.[0] ?? 0) / 100)).toBe(4);
  });

  test("frames of other lengths than ours are put together", () => {
    const { seat, speak } = seatOf({ marks: true });
    for (let i = 0; i < 16; i++) seat.audio(level(1000).subarray(0, 30));
    expect([speak()?.length, speak()?.length, speak()?.length, speak()]).toEqual([160, 160, 160, undefined]);
  });

  test("a burst after a stall leaves the newest, not a second of delay", () => {
    const { seat, speak } = seatOf({ marks: true });
    for (let n = 1; n <= 100; n++) seat.audio(level(n * 100));
    const said: number[] = [];
    for (let frame = speak(); frame; frame = speak()) said.push(Math.round((frame[0] ?? 0) / 100));
    expect(said.length).toBeLessThanOrEqual(12);
    expect(said.at(-1)).toBeGreaterThanOrEqual(98);
  });

  test("a carrier whose clock runs fast does not fill the queue: a frame is left out now and then", () => {
    const { seat, speak } = seatOf({ marks: true });
    let said = 0;
    let brought = 0;
    for (let tick = 0; tick < 30_000; tick++) {
      seat.audio(level(1000));
      brought++;
      if (tick % 1000 === 0) {
        seat.audio(level(1000));
        brought++;
      }
      if (speak()) said++;
    }
    let waiting = 0;
    while (speak()) waiting++;
    expect(waiting).toBeLessThanOrEqual(6);
    expect(brought - said - waiting).toBeGreaterThan(20);
  });

  test("frames made up for after a stall of ours are said, and caught up with in a few seconds", () => {
    const { seat, speak } = seatOf({ marks: false });
    for (let n = 0; n < 9; n++) seat.audio(level(1000));
    let said = 0;
    for (let tick = 0; tick < 400; tick++) {
      seat.audio(level(1000));
      if (speak()) said++;
    }
    expect(said).toBe(400);
    expect(speak()).toBeUndefined();
  });

  test("a carrier's stream gets a cushion too, and silence as well as sound, so that it never runs dry", () => {
    const { seat, leg, sentBytes } = seatOf({ marks: true });
    seat.hear(undefined);
    expect(leg.sent).toEqual(new Array(4).fill(level(0)));
    seat.hear(new Int16Array(160).fill(2000));
    seat.hear(undefined);
    expect(leg.sent.slice(4)).toEqual([level(2000), level(0)]);
    expect(sentBytes()).toBe(6 * 160);
  });
});
