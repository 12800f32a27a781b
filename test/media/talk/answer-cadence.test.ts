import { describe, expect, test } from "vitest";
import { AnswerCadence } from "../../../src/media/talk/answer-cadence.ts";
import { joined, onLine, tone, trimmed } from "../../kit/answer-corpus.ts";
import { SeededRandom } from "../../kit/seeded-random.ts";
import { speech } from "../../kit/speech.ts";

function heard(pcm: Int16Array, deaf = false): AnswerCadence {
  const cadence = new AnswerCadence();
  for (let at = 0; at + 160 <= pcm.length; at += 160) cadence.frame(pcm.subarray(at, at + 160), deaf);
  return cadence;
}

const hello = trimmed(speech("hello"));
const helloMs = hello.length / 8;

describe("answer cadence", () => {
  test.each([
    [-14, -60],
    [-30, -60],
    [-30, -52],
    [-38, -70],
  ])("a hello at %i over %i dBov: when it began, how long it was, since when it is over", (levelDbov, noiseDbov) => {
    const pcm = onLine(hello, { leadMs: 600, levelDbov, noiseDbov }, new SeededRandom(1), 400);
    const cadence = heard(pcm);
    expect(Math.abs(cadence.onsetMs! - 600)).toBeLessThanOrEqual(60);
    expect(Math.abs(cadence.talkMs - helloMs)).toBeLessThanOrEqual(140);
    expect(Math.abs(cadence.silenceMs - 400)).toBeLessThanOrEqual(100);
    expect(cadence.bursts).toBe(1);
  });

  test("speech from the very first frame is speech, though no noise was heard before it", () => {
    const cadence = heard(onLine(hello, { leadMs: 0, levelDbov: -25, noiseDbov: -60 }, new SeededRandom(2), 300));
    expect(cadence.onsetMs).toBeLessThanOrEqual(40);
    expect(cadence.talkMs).toBeGreaterThan(helloMs * 0.7);
  });

  test("pauses part bursts, long ones utterances", () => {
    const line = { leadMs: 300, levelDbov: -20, noiseDbov: -60 };
    const two = heard(onLine(joined([hello, 400, hello]), line, new SeededRandom(3), 200));
    expect(two.bursts).toBe(2);
    expect(Math.abs(two.talkMs - 2 * helloMs)).toBeLessThanOrEqual(140);
    const anew = heard(onLine(joined([hello, 1500, hello]), line, new SeededRandom(3), 200));
    expect(anew.bursts).toBe(1);
    expect(Math.abs(anew.talkMs - helloMs)).toBeLessThanOrEqual(120);
    expect(anew.onsetMs).toBeLessThan(400);
  });

  test("clicks, hiss and what it is told to be deaf to are nothing", () => {
    const random = new SeededRandom(4);
    const clicks = onLine(
      joined([500, tone(2500, 30, -10), 300, tone(2500, 30, -10), 500]),
      { leadMs: 0, levelDbov: -15, noiseDbov: -65 },
      random,
    );
    const hiss = onLine(new Int16Array(24_000), { leadMs: 0, levelDbov: -20, noiseDbov: -40 }, random);
    for (const cadence of [heard(clicks), heard(hiss), heard(hello, true)]) {
      expect([cadence.onsetMs, cadence.talkMs]).toEqual([undefined, 0]);
      expect(cadence.silenceMs).toBe(cadence.nowMs);
    }
  });
});
