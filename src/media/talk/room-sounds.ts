import { frameMs } from "../../codecs/format.ts";
import type { RoomParty, RoomRateHz } from "./room.ts";
import { fadeIn, fadeOut, seamSamples } from "./room-mix.ts";

/** A sound that is heard again and again: Int16Array, mono, at either of a room's rates. */
export interface RoomSound {
  at(rateHz: RoomRateHz): Int16Array;
}

/** What is heard in a room besides people and agents. */
export interface RoomSounds {
  readonly music: RoomSound;
  readonly ringback: RoomSound;
}

/** Makes a sound from its two renderings, each made when it is first wanted. */
export function roomSound(render: (rateHz: RoomRateHz) => Int16Array): RoomSound {
  const rendered = new Map<RoomRateHz, Int16Array>();
  return {
    at(rateHz) {
      let samples = rendered.get(rateHz);
      if (samples === undefined) {
        samples = render(rateHz);
        rendered.set(rateHz, samples);
      }
      return samples;
    },
  };
}

/** Peak of one of ringback's two tones: −20 dBFS, as networks have it. */
const ringbackPeak = 2300;
const ringOnMs = 2000;
const ringOffMs = 4000;

/** Ringback as in North America: 440 and 480 Hz, two seconds of six. */
export const ringback = roomSound((rateHz) => {
  const samples = new Int16Array((rateHz / 1000) * (ringOnMs + ringOffMs));
  const ring = samples.subarray(0, (rateHz / 1000) * ringOnMs);
  for (let i = 0; i < ring.length; i++) {
    const turns = (2 * Math.PI * i) / rateHz;
    ring[i] = ringbackPeak * (Math.sin(440 * turns) + Math.sin(480 * turns));
  }
  fadeIn(ring, seamSamples(rateHz));
  fadeOut(ring, seamSamples(rateHz));
  return samples;
});

/** Pairs of notes, in Hz: one after the other, in thirds and fourths. */
const notesHz = [
  [392.0, 493.88],
  [440.0, 523.25],
  [493.88, 587.33],
  [440.0, 587.33],
  [392.0, 523.25],
  [349.23, 440.0],
] as const;
const noteMs = 1500;
const notePeak = 1400;

/** Hold music where nobody brought his own: two soft tones at a time, swelling and fading. */
export const builtInMusic = roomSound((rateHz) => {
  const perNote = (rateHz / 1000) * noteMs;
  const samples = new Int16Array(perNote * notesHz.length);
  notesHz.forEach(([low, high], note) => {
    for (let i = 0; i < perNote; i++) {
      const turns = (2 * Math.PI * i) / rateHz;
      const swell = Math.sin((Math.PI * i) / perNote) ** 2;
      samples[note * perNote + i] = notePeak * swell * (Math.sin(low * turns) + Math.sin(high * turns));
    }
  });
  return samples;
});

/** A sound as a member of a room: from its beginning, round and round. */
export class SoundParty implements RoomParty {
  readonly #sound: RoomSound;
  #samples: Int16Array = new Int16Array(0);
  #at = 0;

  constructor(sound: RoomSound) {
    this.#sound = sound;
  }

  setRate(rateHz: RoomRateHz): void {
    const before = this.#samples.length;
    this.#samples = this.#sound.at(rateHz);
    if (before > 0) this.#at = Math.floor((this.#at / before) * this.#samples.length);
  }

  speak(frame: Int16Array): boolean {
    const samples = this.#samples;
    if (samples.length < frame.length) return false;
    for (let i = 0; i < frame.length; i++) {
      frame[i] = samples[this.#at]!;
      this.#at = this.#at + 1 === samples.length ? 0 : this.#at + 1;
    }
    return true;
  }

  hear(): void {}
}

/** Shortest sound that can go round: one frame. */
export const shortestSoundMs = frameMs;
