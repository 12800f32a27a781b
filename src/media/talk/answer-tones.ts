import { BeepDetector, type HeardTone } from "./beep-detector.ts";
import { ToneMeter } from "./tone-meter.ts";

/** What tones on an answered line mean. */
export type AnswerTone = "beep" | "fax" | "network-tones";

/** Ringback before the first word lies in here and is longer than a beep (ITU-T E.180; 440 and 480 Hz in North America). */
const ringbackHz = [380, 500] as const;
const ringbackMs = 300;
/** Called and calling fax machines (ITU-T T.30 §4.1): 2100 Hz for seconds; 1100 Hz for half a second. */
const calledFaxHz = 2100;
const callingFaxHz = 1100;
const faxDriftHz = 20;
const faxMs = 400;
/** The last of three special information tones (ITU-T E.180 §6): 1800 Hz, 1776.7 in North America. */
const lastNetworkToneHz = [1720, 1850] as const;
const networkToneMs = 600;
/** A key's tones (ITU-T Q.23): somebody presses it. */
const keyLowHz = [697, 770, 852, 941] as const;
const keyHighHz = [1209, 1336, 1477, 1633] as const;
const keyDrift = 0.018;

/** Hears the tones of an answered line: beeps, fax machines, the network's announcements; ringback and keys are passed over. */
export class AnswerTones {
  readonly #meter = new ToneMeter();
  readonly #beeps = new BeepDetector();

  /** What sounds now is a tone, however short: no speech. */
  get tonal(): boolean {
    return this.#beeps.tonal;
  }

  /** One frame of the far end: Int16Array, mono, 8 kHz, 160 samples. `spoken`: speech has been heard before. */
  frame(pcm: Int16Array, spoken: boolean): AnswerTone | undefined {
    this.#meter.read(pcm);
    const tone = this.#beeps.frame(this.#meter);
    if (this.#beeps.heldMs >= faxMs && near(this.#beeps.heldHz, calledFaxHz)) return "fax";
    return tone && meaning(tone, spoken);
  }
}

function meaning(tone: HeardTone, spoken: boolean): AnswerTone | undefined {
  const { hz, otherHz, parts } = tone;
  const lengthMs = tone.endMs - tone.startMs;
  if (parts === 3 && within(hz, lastNetworkToneHz) && lengthMs >= networkToneMs) return "network-tones";
  if (otherHz > 0 && isKey(hz, keyLowHz) && isKey(otherHz, keyHighHz)) return undefined;
  if (spoken) return "beep";
  if (within(hz, ringbackHz) && lengthMs >= ringbackMs) return undefined;
  return near(hz, callingFaxHz) && lengthMs >= faxMs ? "fax" : "beep";
}

function near(hz: number, wantedHz: number): boolean {
  return Math.abs(hz - wantedHz) <= faxDriftHz;
}

function within(hz: number, [lowest, highest]: readonly [number, number]): boolean {
  return hz >= lowest && hz <= highest;
}

function isKey(hz: number, keysHz: readonly number[]): boolean {
  return keysHz.some((key) => Math.abs(hz - key) <= key * keyDrift);
}
