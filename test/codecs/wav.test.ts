import { describe, expect, test } from "vitest";
import type { SampleRateHz } from "../../src/codecs/format.ts";
import { encodeG711, pcmaLaw, pcmuLaw } from "../../src/codecs/g711.ts";
import { parseWav, readMonoAt, type Wav, type WavFault, writeWavHeader } from "../../src/codecs/wav.ts";
import { decibels, seededRandom, splitTone, tone } from "./tone.ts";

/** One chunk: id, size, body, and the pad byte of an odd size. */
function chunk(id: string, body: Uint8Array, size = body.length): Buffer {
  const head = Buffer.alloc(8);
  head.write(id, "latin1");
  head.writeUInt32LE(size, 4);
  return Buffer.concat([head, body, Buffer.alloc(body.length & 1)]);
}

function riff(...chunks: Uint8Array[]): Buffer {
  return chunk("RIFF", Buffer.concat([Buffer.from("WAVE"), ...chunks]));
}

function fmt(tag: number, channels: number, sampleRateHz: number, bitsPerSample: number): Buffer {
  const body = Buffer.alloc(16);
  body.writeUInt16LE(tag, 0);
  body.writeUInt16LE(channels, 2);
  body.writeUInt32LE(sampleRateHz, 4);
  body.writeUInt32LE((sampleRateHz * channels * bitsPerSample) / 8, 8);
  body.writeUInt16LE((channels * bitsPerSample) / 8, 12);
  body.writeUInt16LE(bitsPerSample, 14);
  return body;
}

const pcm = Int16Array.of(0, 1, -1, 256, -32768, 32767);
const pcmBytes = Buffer.from(pcm.buffer);

function parsed(bytes: Uint8Array): Wav {
  const wav = parseWav(bytes);
  if ("fault" in wav) throw new Error(wav.fault);
  return wav;
}

function fault(answer: Wav | Int16Array | WavFault): string {
  return "fault" in answer ? answer.fault : "none";
}

test("wav: the header is 44 bytes, field for field", () => {
  const header = Buffer.from(writeWavHeader({ channels: 2, sampleRateHz: 8000, dataBytes: 1000 }));
  expect(header).toEqual(
    Buffer.concat([
      Buffer.from("RIFF"),
      Buffer.from([0x0c, 0x04, 0, 0]),
      Buffer.from("WAVE"),
      chunk("fmt ", fmt(1, 2, 8000, 16)),
      Buffer.from("data"),
      Buffer.from([0xe8, 0x03, 0, 0]),
    ]),
  );
});

test("wav: what was written is read", () => {
  const header = writeWavHeader({ channels: 2, sampleRateHz: 24000, dataBytes: 12 });
  expect(parsed(Buffer.concat([header, pcmBytes]))).toEqual({ channels: 2, sampleRateHz: 24000, samples: pcm });
});

test("wav: more than a header can say is said as the largest", () => {
  const header = Buffer.from(writeWavHeader({ channels: 2, sampleRateHz: 8000, dataBytes: 5e9 }));
  expect(header.readUInt32LE(4)).toBe(0xffffffff - 8);
});

test("wav: other chunks are passed over, with their pad byte", () => {
  const list = chunk("LIST", Buffer.from("odd"));
  const bytes = riff(list, chunk("fmt ", fmt(1, 1, 8000, 16)), list, chunk("data", pcmBytes), list);
  expect(parsed(bytes).samples).toEqual(pcm);
});

test("wav: bytes at an odd address are read", () => {
  const bytes = riff(chunk("fmt ", fmt(1, 1, 8000, 16)), chunk("data", pcmBytes));
  expect(parsed(Buffer.concat([Buffer.from("x"), bytes]).subarray(1)).samples).toEqual(pcm);
});

test("wav: WAVE_FORMAT_EXTENSIBLE names its format inside", () => {
  const extensible = Buffer.alloc(40);
  fmt(0xfffe, 1, 16000, 16).copy(extensible);
  extensible.writeUInt16LE(22, 16);
  extensible.writeUInt16LE(16, 18);
  extensible.writeUInt16LE(1, 24);
  expect(parsed(riff(chunk("fmt ", extensible), chunk("data", pcmBytes)))).toEqual({
    channels: 1,
    sampleRateHz: 16000,
    samples: pcm,
  });
});

describe("wav: a data chunk", () => {
  const format = chunk("fmt ", fmt(1, 1, 8000, 16));

  test.each([0, 0xffffffff, 1000])("of size %i is what is there", (size) => {
    expect(parsed(riff(format, chunk("data", pcmBytes, size))).samples).toEqual(pcm);
  });

  test("cut inside a frame gives the whole frames", () => {
    const bytes = riff(chunk("fmt ", fmt(1, 2, 8000, 16)), chunk("data", pcmBytes));
    expect([...parsed(bytes.subarray(0, bytes.length - 3)).samples]).toEqual([0, 1, -1, 256]);
  });

  test("without audio is an empty file", () => {
    expect(parsed(riff(format, chunk("data", Buffer.alloc(0)))).samples.length).toBe(0);
  });
});

describe("wav: sample format", () => {
  const read = (tag: number, bits: number, data: Uint8Array) => [
    ...parsed(riff(chunk("fmt ", fmt(tag, 1, 8000, bits)), chunk("data", data))).samples,
  ];

  test("8-bit PCM is unsigned", () => {
    expect(read(1, 8, Uint8Array.of(0, 128, 255))).toEqual([-32768, 0, 32512]);
  });

  test("24- and 32-bit PCM keep their upper 16 bits", () => {
    expect(read(1, 24, Uint8Array.of(9, 0, 128, 9, 255, 127))).toEqual([-32768, 32767]);
    expect(read(1, 32, Uint8Array.of(9, 9, 2, 1))).toEqual([258]);
  });

  test("32-bit float saturates, and what is not a number is silence", () => {
    const data = Buffer.alloc(20);
    [0, 0.5, -1, 7, Number.NaN].forEach((value, i) => void data.writeFloatLE(value, i * 4));
    expect(read(3, 32, data)).toEqual([0, 16384, -32768, 32767, 0]);
  });

  test("G.711 of both laws", () => {
    const bytes = new Uint8Array(1);
    encodeG711(pcmuLaw, Int16Array.of(1000), bytes);
    expect(read(7, 8, bytes)).toEqual([pcmuLaw.decode[bytes[0]!]]);
    encodeG711(pcmaLaw, Int16Array.of(1000), bytes);
    expect(read(6, 8, bytes)).toEqual([pcmaLaw.decode[bytes[0]!]]);
  });
});

describe("wav: a fault is a value", () => {
  const format = chunk("fmt ", fmt(1, 1, 8000, 16));
  const data = chunk("data", pcmBytes);

  test.each([
    ["not-wav", Buffer.alloc(0)],
    ["not-wav", Buffer.from("RIFF")],
    ["not-wav", Buffer.from("ID3 and an MP3 behind it")],
    ["no-format", riff()],
    ["no-format", riff(data, format)],
    ["no-format", riff(chunk("fmt ", Buffer.alloc(10)), data)],
    ["no-data", riff(format)],
    ["unsupported-format", riff(chunk("fmt ", fmt(85, 1, 8000, 16)), data)],
    ["unsupported-format", riff(chunk("fmt ", fmt(1, 1, 8000, 12)), data)],
    ["unsupported-format", riff(chunk("fmt ", fmt(1, 0, 8000, 16)), data)],
    ["unsupported-format", riff(chunk("fmt ", fmt(1, 1000, 8000, 16)), data)],
    ["unsupported-format", riff(chunk("fmt ", fmt(1, 1, 0, 16)), data)],
  ])("%s", (expected, bytes) => {
    expect(fault(parseWav(bytes))).toBe(expected);
    expect(fault(readMonoAt(bytes, 8000))).toBe(expected);
  });

  test("torture: cut and overwritten files are answered, never thrown at", () => {
    const whole = riff(chunk("LIST", Buffer.alloc(9)), chunk("fmt ", fmt(1, 2, 44100, 16)), data);
    const random = seededRandom(7);
    let answers = 0;
    for (let n = 0; n < 2000; n++) {
      const bytes = Buffer.from(whole.subarray(0, Math.floor(random() * (whole.length + 1))));
      for (let k = 0; k < 3 && bytes.length > 0; k++) bytes[Math.floor(random() * bytes.length)] = random() * 256;
      const wav = parseWav(bytes);
      answers += "fault" in wav || wav.samples.length <= bytes.length ? 1 : 0;
    }
    expect(answers).toBe(2000);
  });
});

describe("wav: readMonoAt", () => {
  function file(channels: number, sampleRateHz: number, samples: Int16Array): Buffer {
    const header = writeWavHeader({ channels, sampleRateHz, dataBytes: samples.byteLength });
    return Buffer.concat([header, Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)]);
  }

  function mono(bytes: Uint8Array, sampleRateHz: SampleRateHz): Int16Array {
    const samples = readMonoAt(bytes, sampleRateHz);
    if ("fault" in samples) throw new Error(samples.fault);
    return samples;
  }

  test("mixes the channels down to their mean", () => {
    expect([...mono(file(2, 8000, Int16Array.of(100, 200, -32768, -32768, 32767, 32767)), 8000)]).toEqual([
      150, -32768, 32767,
    ]);
  });

  test.each([8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000, 96000])("resamples %i Hz without delay", (rate) => {
    for (const wanted of [8000, 16000, 24000] as const) {
      const samples = mono(file(1, rate, tone(500, rate, rate)), wanted);
      expect(samples.length).toBe(wanted);
      const { toneRms, phase } = splitTone(samples.subarray(wanted / 5, (wanted * 4) / 5), 500, wanted);
      expect(Math.abs(decibels(toneRms, 16000 / Math.SQRT2))).toBeLessThan(0.3);
      // Half a sample of rounding at most.
      expect(Math.abs(phase)).toBeLessThan((2 * Math.PI * 500 * 0.51) / wanted);
    }
  });

  test.each([0x7fffffff, 44101, 3])("refuses a rate of %i Hz", (rate) => {
    expect(fault(readMonoAt(file(1, rate, pcm), 8000))).toBe("unsupported-rate");
  });
});
