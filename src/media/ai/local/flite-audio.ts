import { parseWav } from "../../../codecs/wav.ts";

/** What flite speaks: 16-bit mono at this rate (all its voices but `kal`, which is not offered). */
export const fliteSampleRateHz = 16_000;

/** Loudness speech is brought to: root mean square of its sounding parts, in dBFS. */
export const targetLevelDbfs = -18;

/** Silence kept before and after the speech, in ms; flite's own is 120 and 220. */
export const leadMs = 20;
export const tailMs = 160;

const blockSamples = fliteSampleRateHz / 100;
/** Below −45 dBFS a 10 ms block counts as pause. */
const quietMeanSquare = (32768 * 10 ** (-45 / 20)) ** 2;
/** Peaks stay below −1 dBFS. */
const maxPeak = 32768 * 10 ** (-1 / 20);

/** Samples of the WAV flite wrote; undefined when it is not mono at 16 kHz. */
export function readFliteWav(bytes: Uint8Array): Int16Array | undefined {
  const wav = parseWav(bytes);
  if ("fault" in wav || wav.channels !== 1 || wav.sampleRateHz !== fliteSampleRateHz) return undefined;
  return wav.samples;
}

/** Speech as it goes out, and how much was cut from its start in ms (for word times). */
export interface PreparedSpeech {
  readonly samples: Int16Array;
  readonly cutMs: number;
}

/** Cuts the pauses around speech and brings it to the target level without clipping; the input stays untouched. */
export function prepareSpeech(samples: Int16Array): PreparedSpeech {
  let sum = 0;
  let peak = 0;
  let blocks = 0;
  let first = -1;
  let last = -1;
  for (let start = 0; start < samples.length; start += blockSamples) {
    const end = Math.min(samples.length, start + blockSamples);
    let energy = 0;
    for (let index = start; index < end; index += 1) {
      const sample = samples[index]!;
      energy += sample * sample;
      peak = Math.max(peak, Math.abs(sample));
    }
    const meanSquare = energy / (end - start);
    if (meanSquare < quietMeanSquare) continue;
    sum += meanSquare;
    blocks += 1;
    if (first < 0) first = start;
    last = end;
  }
  if (blocks === 0) return { samples: samples.slice(), cutMs: 0 };
  const perMs = fliteSampleRateHz / 1000;
  const from = Math.max(0, first - leadMs * perMs);
  const to = Math.min(samples.length, last + tailMs * perMs);
  const wanted = (32768 * 10 ** (targetLevelDbfs / 20)) / Math.sqrt(sum / blocks);
  const gain = Math.min(wanted, maxPeak / peak);
  const prepared = new Int16Array(to - from);
  for (let index = from; index < to; index += 1) prepared[index - from] = Math.round(samples[index]! * gain);
  return { samples: prepared, cutMs: from / perMs };
}
