import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { encodeL16 } from "../../../../src/codecs/l16.ts";
import { writeWavHeader } from "../../../../src/codecs/wav.ts";
import { createLogger } from "../../../../src/kit/log.ts";
import { loadHoldMusic } from "../../../../src/media/talk/io/hold-music.ts";
import { builtInMusic } from "../../../../src/media/talk/room-sounds.ts";
import { tone } from "../../../codecs/tone.ts";
import { temporaryFolder } from "../../../control/gateway.ts";
import { toneAmplitude } from "../../../kit/room-party.ts";

const log = createLogger("silent", "test");

function wavOf(samples: Int16Array, sampleRateHz: number): string {
  const data = new Uint8Array(samples.length * 2);
  encodeL16(samples, data);
  const path = join(temporaryFolder(), "music.wav");
  const header = writeWavHeader({ channels: 1, sampleRateHz, dataBytes: data.length });
  writeFileSync(path, Buffer.concat([header, data]));
  return path;
}

describe("hold music", () => {
  test("is a WAV's sound, at both rates of a room", async () => {
    const music = await loadHoldMusic(wavOf(tone(600, 16_000, 16_000, 5000), 16_000), log);
    for (const rateHz of [8000, 16_000] as const) {
      expect(music.at(rateHz).length).toBe(rateHz);
      expect(toneAmplitude(music.at(rateHz), 600, rateHz) / 5000).toBeCloseTo(1, 1);
    }
  });

  test("no setting, no file, no WAV, or next to nothing in it: the built-in music is played", async () => {
    const text = join(temporaryFolder(), "notes.txt");
    writeFileSync(text, "do re mi");
    for (const path of ["", join(temporaryFolder(), "missing.wav"), text, wavOf(tone(600, 8000, 80), 8000)]) {
      expect(await loadHoldMusic(path, log)).toBe(builtInMusic);
    }
  });
});
