import { l16at24k } from "../../../codecs/format.ts";
import { PartFailure, type SpeechPiece, type Voice } from "../pipeline/parts.ts";
import { WavHeaderFilter } from "../pipeline/wav-header.ts";
import { openaiClient } from "./chat-completions.ts";
import { openaiFailure } from "./chat-failure.ts";

/** A text to speech service: OpenAI's or any compatible one. */
export interface OpenaiSpeechOptions {
  readonly apiKey: string | undefined;
  readonly baseUrl: string;
  readonly model: string;
  /** Undefined: a voice every compatible service knows. */
  readonly voice: string | undefined;
}

const defaultVoice = "alloy";
const source = "text to speech";

/** A voice over `/audio/speech`, streamed as PCM: 24 kHz, 16-bit little-endian, mono, no header. Cancel is abort. */
export function createOpenaiSpeech(options: OpenaiSpeechOptions): Voice {
  const client = openaiClient(options.apiKey, options.baseUrl);
  const closing = new AbortController();
  return {
    outbound: l16at24k,
    async *speak(text: string, signal: AbortSignal): AsyncGenerator<SpeechPiece> {
      const either = AbortSignal.any([signal, closing.signal]);
      try {
        const { model, voice = defaultVoice } = options;
        const response = await client.audio.speech.create(
          { model, voice, input: text, response_format: "pcm" },
          { signal: either },
        );
        if (!response.body) throw new PartFailure("protocol", `${source} answered without a body`);
        const header = new WavHeaderFilter();
        for await (const chunk of response.body) {
          const audio = header.push(chunk);
          if (audio.length > 0) yield { audio };
        }
      } catch (error) {
        throw openaiFailure(error, source);
      }
    },
    close: () => closing.abort(),
  };
}
