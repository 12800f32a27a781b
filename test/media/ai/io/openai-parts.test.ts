import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ChatServer, startChatServer } from "../../../../bench/sim/chat-server.ts";
import { pcmu8k } from "../../../../src/codecs/format.ts";
import { parseWav } from "../../../../src/codecs/wav.ts";
import { createOpenaiSpeech } from "../../../../src/media/ai/io/openai-speech.ts";
import { createOpenaiTranscription } from "../../../../src/media/ai/io/openai-transcription.ts";

const signal = new AbortController().signal;
let server: ChatServer;

beforeEach(async () => {
  server = await startChatServer();
});
afterEach(() => server.close());

describe("speech to text over /audio/transcriptions", () => {
  function makeEars(language = "de-DE") {
    const { baseUrl } = server;
    return createOpenaiTranscription({ apiKey: "k", baseUrl, model: "stt-1", language, legFormat: pcmu8k });
  }

  test("uploads the utterance as a 16-bit WAV at the leg's rate, with model and language", async () => {
    server.transcripts("Guten Tag");
    const ears = makeEars();
    expect(ears.inbound).toEqual(pcmu8k);
    const answer = await ears.transcribe(new Uint8Array(1_600).fill(0x80), { signal });
    expect(answer).toEqual({ text: "Guten Tag", usage: { transcriptionSeconds: 2 } });
    const body = server.requests[0]?.rawBody ?? "";
    expect(body).toMatch(/name="model"\r\n\r\nstt-1\r\n/);
    expect(body).toMatch(/name="language"\r\n\r\nde\r\n/);
    const wav = parseWav(Buffer.from(body.slice(body.indexOf("RIFF")), "latin1").subarray(0, 44 + 3_200));
    if ("fault" in wav) throw new Error(wav.fault);
    expect(wav.sampleRateHz).toBe(8_000);
    expect(wav.samples.length).toBe(1_600);
    // The loudest positive sample of μ-law (ITU-T G.711).
    expect(wav.samples.every((sample) => sample === 32_124)).toBe(true);
  });

  test("expected phrases go along as the prompt", async () => {
    await makeEars().transcribe(new Uint8Array(160), { signal, hint: { grammar: ["sales", "billing"] } });
    expect(server.requests[0]?.rawBody).toMatch(/name="prompt"\r\n\r\nsales, billing\r\n/);
  });

  test("a failing service is a failure with its kind", async () => {
    server.transcripts(429);
    await expect(makeEars().transcribe(new Uint8Array(160), { signal })).rejects.toMatchObject({
      kind: "rate-limited",
    });
  });
});

describe("text to speech over /audio/speech", () => {
  async function speak(): Promise<Buffer> {
    const voice = createOpenaiSpeech({ apiKey: "k", baseUrl: server.baseUrl, model: "tts-1", voice: "coral" });
    const pieces: Uint8Array[] = [];
    for await (const piece of voice.speak("Good morning.", signal)) pieces.push(piece.audio);
    return Buffer.concat(pieces);
  }

  test("asks for PCM and streams it", async () => {
    server.speech({ msPerChar: 10 });
    expect((await speak()).length).toBe("Good morning.".length * 10 * 48);
    expect(server.requests[0]?.body).toEqual({
      model: "tts-1",
      voice: "coral",
      input: "Good morning.",
      response_format: "pcm",
    });
  });

  test("a WAV header before the PCM is taken off", async () => {
    server.speech({ msPerChar: 10, wavHeader: true });
    expect((await speak()).length).toBe("Good morning.".length * 10 * 48);
  });

  test("a failing service is a failure with its kind", async () => {
    server.speech({ status: 500 });
    await expect(speak()).rejects.toMatchObject({ name: "PartFailure", kind: "provider" });
  });
});
