import type { RoomParty, RoomRateHz } from "../../src/media/talk/room.ts";

/** A party in a room on a virtual clock: says a tone while it is told to, and keeps all it hears. */
export class TestParty implements RoomParty {
  rateHz: RoomRateHz = 8000;
  /** Undefined: it says nothing. */
  toneHz: number | undefined;
  amplitude = 3000;
  /** What it says in place of the tone. */
  level: number | undefined;
  /** Frames it heard; silent ones where there was nothing to hear. */
  readonly heard: Int16Array[] = [];
  silentFrames = 0;
  #seconds = 0;

  constructor(toneHz?: number) {
    this.toneHz = toneHz;
  }

  setRate(rateHz: RoomRateHz): void {
    this.rateHz = rateHz;
  }

  speak(frame: Int16Array): boolean {
    const { toneHz, amplitude, level, rateHz } = this;
    const from = this.#seconds;
    this.#seconds += frame.length / rateHz;
    if (toneHz === undefined && level === undefined) return false;
    for (let i = 0; i < frame.length; i++) {
      frame[i] = level ?? amplitude * Math.sin(2 * Math.PI * (toneHz ?? 0) * (from + i / rateHz));
    }
    return true;
  }

  hear(frame: Int16Array | undefined): void {
    if (frame === undefined) this.silentFrames++;
    this.heard.push(frame?.slice() ?? new Int16Array(this.rateHz / 50));
  }

  /** All it heard from a frame on, in one piece. */
  samples(fromFrame = 0): Int16Array {
    return Int16Array.from(this.heard.slice(fromFrame).flatMap((frame) => [...frame]));
  }
}

/** Amplitude of one tone in samples, of any length (Goertzel's sum written out). */
export function toneAmplitude(samples: Int16Array, toneHz: number, rateHz: number): number {
  let [re, im] = [0, 0];
  samples.forEach((sample, i) => {
    const turn = (2 * Math.PI * toneHz * i) / rateHz;
    re += sample * Math.cos(turn);
    im += sample * Math.sin(turn);
  });
  return (2 * Math.hypot(re, im)) / samples.length;
}

/** The largest step from one sample to the next. */
export function largestStep(samples: Int16Array): number {
  let largest = 0;
  for (let i = 1; i < samples.length; i++) largest = Math.max(largest, Math.abs(samples[i]! - samples[i - 1]!));
  return largest;
}
