/** Keys as tones (ITU-T Q.23), and tones as keys: written for tests, apart from the gateway's own. */

const lowHz = [697, 770, 852, 941];
const highHz = [1209, 1336, 1477, 1633];
const layout = "123A456B789C*0#D";
const rateHz = 8000;
const blockSamples = 160;

/** Silence, then each key for 100 ms with as much silence behind: Int16Array, mono, 8 kHz. */
export function tonesOf(keys: string, silenceMs = 500): Int16Array {
  const each = rateHz / 5;
  const start = silenceMs * (rateHz / 1000);
  const samples = new Int16Array(start + keys.length * each);
  for (let n = 0; n < keys.length; n++) {
    const place = layout.indexOf(keys[n]!);
    const hz = [lowHz[place >> 2]!, highHz[place & 3]!];
    for (let i = 0; i < each / 2; i++) {
      const sum = hz.reduce((all, one) => all + Math.sin((2 * Math.PI * one * i) / rateHz), 0);
      samples[start + n * each + i] = Math.round(5000 * sum);
    }
  }
  return samples;
}

/** The keys whose tones stand in mono samples at 8 kHz: a key counts once until its tone has ended. */
export function keysIn(samples: Int16Array): string {
  let found = "";
  let before = "";
  for (let at = 0; at + blockSamples <= samples.length; at += blockSamples) {
    const key = keyOf(samples.subarray(at, at + blockSamples));
    // Two blocks in a row: one that lies across the edge of a tone may be anything.
    if (key !== "" && key === before && !found.endsWith(`${key}|`)) found += `${key}|`;
    if (key === "" && before === "") found = found.replace(/\|$/, " ");
    before = key;
  }
  return found.replace(/[| ]/g, "");
}

function keyOf(block: Int16Array): string {
  let energy = 0;
  for (const sample of block) energy += sample * sample;
  if (energy / block.length < 100_000) return "";
  const low = strongest(block, lowHz);
  const high = strongest(block, highHz);
  if (low.energy + high.energy < energy * 0.8) return "";
  return layout[low.index * 4 + high.index]!;
}

function strongest(block: Int16Array, tones: readonly number[]): { index: number; energy: number } {
  const energies = tones.map((hz) => {
    let [re, im] = [0, 0];
    for (let i = 0; i < block.length; i++) {
      re += block[i]! * Math.cos((2 * Math.PI * hz * i) / rateHz);
      im += block[i]! * Math.sin((2 * Math.PI * hz * i) / rateHz);
    }
    return (2 * (re * re + im * im)) / block.length;
  });
  const energy = Math.max(...energies);
  return { index: energies.indexOf(energy), energy };
}
