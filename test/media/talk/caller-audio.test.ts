import { describe, expect, test } from "vitest";
import { type AudioFormat, l16at16k, l16at24k, pcma8k, pcmu8k } from "../../../src/codecs/format.ts";
import { decodeG711, pcmuLaw } from "../../../src/codecs/g711.ts";
import { CallerAudio } from "../../../src/media/talk/caller-audio.ts";
import { markedAudio } from "../../kit/playout-call.ts";

/** What each listener got of caller bytes pushed in pieces of a size. */
function listen(leg: AudioFormat, ai: AudioFormat, bytes: Uint8Array, pieceBytes: number) {
  const forAi: Uint8Array[] = [];
  const pcm: Int16Array[] = [];
  const audio = new CallerAudio(leg, ai, {
    forAi: (frame) => forAi.push(frame.slice()),
    pcm: (frame) => pcm.push(frame.slice()),
  });
  for (let from = 0; from < bytes.length; from += pieceBytes) audio.push(bytes.subarray(from, from + pieceBytes));
  return { forAi, pcm };
}

describe("caller audio", () => {
  test("the model gets the leg's own bytes where both speak the same, in frames of 20 ms", () => {
    const bytes = markedAudio(0, 800);
    const { forAi } = listen(pcmu8k, pcmu8k, bytes, 160);
    expect(forAi.map(({ length }) => length)).toEqual([160, 160, 160, 160, 160]);
    expect(forAi.flatMap((frame) => [...frame])).toEqual([...bytes]);
  });

  test("pieces of any length become the same frames; what fills none waits", () => {
    const bytes = markedAudio(0, 850);
    const whole = listen(pcmu8k, pcmu8k, bytes, 160);
    for (const pieceBytes of [1, 33, 161, 850]) expect(listen(pcmu8k, pcmu8k, bytes, pieceBytes)).toEqual(whole);
    expect(whole.forAi).toHaveLength(5);
  });

  test("our ears get the same sound as 8 kHz PCM", () => {
    const bytes = markedAudio(0, 320);
    const wanted = new Int16Array(320);
    decodeG711(pcmuLaw, bytes, wanted, 0, 320);
    expect(listen(pcmu8k, l16at24k, bytes, 160).pcm.flatMap((frame) => [...frame])).toEqual([...wanted]);
  });

  test("a model of another rate gets whole frames of its own", () => {
    const { forAi } = listen(pcma8k, l16at24k, markedAudio(0, 1600), 160);
    expect(forAi.length).toBeGreaterThanOrEqual(9);
    expect(new Set(forAi.map(({ length }) => length))).toEqual(new Set([960]));
  });

  test("a wideband leg: our ears get 160 samples a frame", () => {
    const { pcm, forAi } = listen(l16at16k, l16at16k, markedAudio(0, 6400), 640);
    expect(pcm.map(({ length }) => length)).toEqual(Array.from({ length: 10 }, () => 160));
    expect(forAi).toHaveLength(10);
  });
});
