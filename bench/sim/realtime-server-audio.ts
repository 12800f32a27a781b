import type { AudioFormat } from "../../src/codecs/format.ts";
import { bytesPerMs, frameMs, l16at24k, pcma8k, pcmu8k } from "../../src/codecs/format.ts";
import { encodeG711, pcmaLaw, pcmuLaw } from "../../src/codecs/g711.ts";
import { Resampler } from "../../src/codecs/resampler.ts";

/** What the simulated model's voice is. */
export type SimVoice =
  /** Something with the rhythm and spectrum of speech. */
  | { readonly type: "voice" }
  /** Every 20 ms frame is a tone of its own (`readPatternFrame` tells which), so that a delay can be measured by ear. */
  | { readonly type: "pattern" }
  /** Recorded speech, Int16Array, mono; played from its start for each reply, and cut or repeated to the reply's length. */
  | { readonly type: "recording"; readonly samples: Int16Array; readonly sampleRateHz: number };

/** The audio format a protocol name stands for. */
export function namedFormat(name: unknown): AudioFormat | undefined {
  if (name === "audio/pcmu") return pcmu8k;
  if (name === "audio/pcma") return pcma8k;
  return name === "audio/pcm" ? l16at24k : undefined;
}

/** Encodes samples that already have the format's rate. */
export function encodeSamples(samples: Int16Array, format: AudioFormat): Uint8Array {
  if (format.encoding === "l16") {
    const bytes = new Uint8Array(samples.length * 2);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < samples.length; i++) view.setInt16(i * 2, samples[i]!, true);
    return bytes;
  }
  const bytes = new Uint8Array(samples.length);
  encodeG711(format.encoding === "pcma" ? pcmaLaw : pcmuLaw, samples, bytes);
  return bytes;
}

/** The pattern repeats after this many frames (1.2 s). */
export const patternFrames = 60;
const lowestToneHz = 400;
/** One cycle per frame between neighbours, so that the tones of a frame are orthogonal and begin at zero. */
const toneStepHz = 1000 / frameMs;

function patternSamples(sampleRateHz: number): Int16Array {
  const perFrame = (sampleRateHz * frameMs) / 1000;
  const samples = new Int16Array(perFrame * patternFrames);
  for (let frame = 0; frame < patternFrames; frame++) {
    const step = (2 * Math.PI * (lowestToneHz + frame * toneStepHz)) / sampleRateHz;
    for (let i = 0; i < perFrame; i++) samples[frame * perFrame + i] = Math.round(8000 * Math.sin(step * i));
  }
  return samples;
}

/** Which frame of the pattern these 20 ms are (0–59), or undefined when no tone of it stands out. */
export function readPatternFrame(samples: Int16Array, sampleRateHz: number): number | undefined {
  let best = -1;
  let bestPower = 0;
  let energy = 0;
  for (const sample of samples) energy += sample * sample;
  for (let frame = 0; frame < patternFrames; frame++) {
    const step = (2 * Math.PI * (lowestToneHz + frame * toneStepHz)) / sampleRateHz;
    let re = 0;
    let im = 0;
    for (let i = 0; i < samples.length; i++) {
      re += samples[i]! * Math.cos(step * i);
      im += samples[i]! * Math.sin(step * i);
    }
    const power = ((re * re + im * im) * 2) / samples.length;
    if (power > bestPower) {
      bestPower = power;
      best = frame;
    }
  }
  return best >= 0 && energy > 0 && bestPower > energy / 2 ? best : undefined;
}

/** 2.4 s of glottal pulses with wandering pitch through three formants, in syllables: enough for any energy detector. */
function voiceSamples(sampleRateHz: number): Int16Array {
  const samples = new Int16Array(Math.round(sampleRateHz * 2.4));
  let phase = 0;
  for (let i = 0; i < samples.length; i++) {
    const seconds = i / sampleRateHz;
    const pitchHz = 120 + 20 * Math.sin(2 * Math.PI * 0.83 * seconds);
    phase += pitchHz / sampleRateHz;
    const syllable = Math.max(0.05, Math.sin(Math.PI * ((seconds * 3.75) % 1)));
    let sum = 0;
    for (let harmonic = 1; harmonic * pitchHz < 3300; harmonic++) {
      const hz = harmonic * pitchHz;
      const gain = formant(hz, 600, 120) + 0.5 * formant(hz, 1300, 150) + 0.3 * formant(hz, 2500, 200);
      sum += gain * Math.sin(2 * Math.PI * harmonic * phase);
    }
    samples[i] = Math.max(-32768, Math.min(32767, Math.round(3500 * syllable * sum)));
  }
  return samples;
}

function formant(hz: number, centreHz: number, widthHz: number): number {
  const distance = (hz - centreHz) / widthHz;
  return 1 / (1 + distance * distance);
}

function resample(samples: Int16Array, fromHz: number, toHz: number): Int16Array {
  if (fromHz === toHz) return samples;
  const resampler = new Resampler(fromHz, toHz);
  const out = new Int16Array(resampler.maxOutput(samples.length));
  return out.subarray(0, resampler.process(samples, out));
}

const loops = new Map<string, Uint8Array>();

/** The voice in a format, to be repeated for as long as a reply is. Made once per format, except recordings. */
export function voiceLoop(voice: SimVoice, format: AudioFormat): Uint8Array {
  if (voice.type === "recording") {
    return encodeSamples(resample(voice.samples, voice.sampleRateHz, format.sampleRateHz), format);
  }
  const key = `${voice.type} ${format.encoding}`;
  const known = loops.get(key);
  if (known) return known;
  const make = voice.type === "pattern" ? patternSamples : voiceSamples;
  const made = encodeSamples(make(format.sampleRateHz), format);
  loops.set(key, made);
  return made;
}

/** Bytes from–to (ms) of a loop repeated without end. */
export function loopBytes(loop: Uint8Array, format: AudioFormat, fromMs: number, toMs: number): Buffer {
  const perMs = bytesPerMs(format);
  const bytes = Buffer.alloc((toMs - fromMs) * perMs);
  let position = (fromMs * perMs) % loop.length;
  for (let done = 0; done < bytes.length; ) {
    const size = Math.min(bytes.length - done, loop.length - position);
    bytes.set(loop.subarray(position, position + size), done);
    done += size;
    position = (position + size) % loop.length;
  }
  return bytes;
}
