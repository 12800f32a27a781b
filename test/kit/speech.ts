import { existsSync, readFileSync } from "node:fs";

const folder = "/usr/share/asterisk/sounds/en_US_f_Allison";

/**
 * A recorded prompt of human speech (`vm-goodbye`, `digits/5`): Int16Array, mono, 8 kHz.
 * Throws what to install when the recordings are not there.
 */
export function speech(name: string): Int16Array {
  const path = `${folder}/${name}.wav`;
  if (!existsSync(path)) {
    throw new Error(`${path} is missing: install recorded speech with "apt-get install asterisk-core-sounds-en-wav"`);
  }
  return samplesOfWav(readFileSync(path));
}

/** The samples of a 16-bit mono 8 kHz WAV. */
function samplesOfWav(wav: Buffer): Int16Array {
  for (let at = 12; at + 8 <= wav.length; ) {
    const sizeBytes = wav.readUInt32LE(at + 4);
    const start = at + 8;
    if (wav.toString("latin1", at, at + 4) === "fmt ") {
      const ours = wav.readUInt16LE(start) === 1 && wav.readUInt16LE(start + 2) === 1;
      if (!ours || wav.readUInt32LE(start + 4) !== 8000) throw new Error("expected a mono PCM WAV at 8 kHz");
    }
    if (wav.toString("latin1", at, at + 4) === "data") {
      const samples = new Int16Array(Math.floor(Math.min(sizeBytes, wav.length - start) / 2));
      for (let i = 0; i < samples.length; i += 1) samples[i] = wav.readInt16LE(start + i * 2);
      return samples;
    }
    at = start + sizeBytes + (sizeBytes & 1);
  }
  throw new Error("a WAV without a data chunk");
}
