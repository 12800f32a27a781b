import type { AudioFormat } from "../../src/codecs/format.ts";
import { frameBytes, frameMs } from "../../src/codecs/format.ts";
import { pcmaLaw, pcmuLaw } from "../../src/codecs/g711.ts";

export interface VadSettings {
  /** 0–1: the level that counts as speech, −50 to −30 dBFS. */
  readonly threshold: number;
  readonly prefixPaddingMs: number;
  readonly silenceDurationMs: number;
}

/** What the detector found; instants count the audio of the session. */
export type VadNews =
  | { readonly type: "started"; readonly audioStartMs: number }
  | { readonly type: "stopped"; readonly audioEndMs: number };

/** So many loud frames in a row begin speech. */
const startFrames = 3;

/** Server VAD of the simulator: the energy of each 20 ms of the caller's real audio against a fixed level. */
export class EnergyVad {
  readonly #format: AudioFormat;
  readonly #frame: Uint8Array;
  #filled = 0;
  #nowMs = 0;
  #loudFrames = 0;
  #quietMs = 0;
  #speaking = false;

  constructor(format: AudioFormat, startMs: number) {
    this.#format = format;
    this.#frame = new Uint8Array(frameBytes(format));
    this.#nowMs = startMs;
  }

  get speaking(): boolean {
    return this.#speaking;
  }

  push(audio: Uint8Array, settings: VadSettings): readonly VadNews[] {
    const news: VadNews[] = [];
    for (let position = 0; position < audio.length; ) {
      const size = Math.min(audio.length - position, this.#frame.length - this.#filled);
      this.#frame.set(audio.subarray(position, position + size), this.#filled);
      this.#filled += size;
      position += size;
      if (this.#filled < this.#frame.length) break;
      this.#filled = 0;
      const one = this.#judge(settings);
      if (one) news.push(one);
    }
    return news;
  }

  /** The turn was ended, or its audio thrown away. */
  reset(): void {
    this.#speaking = false;
    this.#loudFrames = 0;
    this.#quietMs = 0;
  }

  #judge(settings: VadSettings): VadNews | undefined {
    const loud = this.#levelDb() > -50 + 20 * settings.threshold;
    this.#nowMs += frameMs;
    this.#loudFrames = loud ? this.#loudFrames + 1 : 0;
    this.#quietMs = loud ? 0 : this.#quietMs + frameMs;
    if (!this.#speaking && this.#loudFrames >= startFrames) {
      this.#speaking = true;
      const onsetMs = this.#nowMs - startFrames * frameMs;
      return { type: "started", audioStartMs: Math.max(0, onsetMs - settings.prefixPaddingMs) };
    }
    if (this.#speaking && this.#quietMs >= settings.silenceDurationMs) {
      this.reset();
      return { type: "stopped", audioEndMs: this.#nowMs };
    }
    return undefined;
  }

  /** Level of the frame in dB below full scale. */
  #levelDb(): number {
    const frame = this.#frame;
    let sum = 0;
    let samples = frame.length;
    if (this.#format.encoding === "l16") {
      samples /= 2;
      for (let i = 0; i < frame.length; i += 2) {
        const sample = ((frame[i]! | (frame[i + 1]! << 8)) << 16) >> 16;
        sum += sample * sample;
      }
    } else {
      const table = (this.#format.encoding === "pcma" ? pcmaLaw : pcmuLaw).decode;
      for (let i = 0; i < frame.length; i++) sum += table[frame[i]!]! ** 2;
    }
    return 10 * Math.log10(sum / samples / 32768 ** 2 + 1e-12);
  }
}
