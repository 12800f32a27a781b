import { toFile } from "openai";
import { type AudioFormat, l16at16k } from "../../../codecs/format.ts";
import { Transcoder } from "../../../codecs/transcoder.ts";
import { writeWavHeader } from "../../../codecs/wav.ts";
import { languageCode } from "../language-code.ts";
import type { Ears, EarsHint } from "../pipeline/parts.ts";
import type { AiUsage } from "../session.ts";
import { openaiClient } from "./chat-completions.ts";
import { openaiFailure } from "./chat-failure.ts";

/** An audio transcriptions service: OpenAI's or any compatible one. */
export interface OpenaiTranscriptionOptions {
  readonly apiKey: string | undefined;
  readonly baseUrl: string;
  readonly model: string;
  /** BCP 47 tag of what the caller probably speaks. */
  readonly language: string;
  /** What the leg speaks; taken as it is, so that nothing is converted before an utterance is complete. */
  readonly legFormat: AudioFormat;
}

const source = "speech to text";
/** Longest list of expected phrases sent along. */
const maxPromptChars = 400;

/** Ears that upload each utterance as a WAV file (16-bit PCM) to `/audio/transcriptions`. */
export function createOpenaiTranscription(options: OpenaiTranscriptionOptions): Ears {
  const client = openaiClient(options.apiKey, options.baseUrl);
  const closing = new AbortController();
  const inbound = options.legFormat.encoding === "opus" ? l16at16k : options.legFormat;
  return {
    inbound,
    async transcribe(utterance, { hint, signal }) {
      const either = AbortSignal.any([signal, closing.signal]);
      const prompt = promptFor(hint);
      try {
        const file = await toFile(toWav(utterance, inbound), "utterance.wav", { type: "audio/wav" });
        const { model } = options;
        const language = languageCode(options.language);
        const body = { file, model, ...(language && { language }), ...(prompt && { prompt }) };
        const answer: unknown = await client.audio.transcriptions.create(
          { ...body, response_format: "json" },
          { signal: either },
        );
        return readTranscription(answer);
      } catch (error) {
        throw openaiFailure(error, source);
      }
    },
    close: () => closing.abort(),
  };
}

function promptFor(hint: EarsHint | undefined): string | undefined {
  if (!hint || !("grammar" in hint) || hint.grammar.length === 0) return undefined;
  return hint.grammar.join(", ").slice(0, maxPromptChars);
}

/** An utterance as a WAV file of 16-bit PCM at its own rate. */
export function toWav(utterance: Uint8Array, format: AudioFormat): Uint8Array<ArrayBuffer> {
  const { sampleRateHz } = format;
  const transcoder = new Transcoder(format, { encoding: "l16", sampleRateHz });
  const pcm = transcoder.convert(utterance);
  const header = writeWavHeader({ channels: 1, sampleRateHz, dataBytes: pcm.length });
  const file = new Uint8Array(header.length + pcm.length);
  file.set(header);
  file.set(pcm, header.length);
  return file;
}

/** Reads the answer, whose usage is tokens or seconds; a server that answers plain text is understood as well. */
function readTranscription(answer: unknown): { text: string; usage?: Partial<AiUsage> } {
  if (typeof answer === "string") return { text: answer };
  const { text, usage } = (typeof answer === "object" && answer !== null ? answer : {}) as {
    readonly text?: unknown;
    readonly usage?: { readonly seconds?: unknown; readonly total_tokens?: unknown };
  };
  if (typeof text !== "string") return { text: "" };
  const counts: Partial<AiUsage> = {
    ...(typeof usage?.seconds === "number" && { transcriptionSeconds: usage.seconds }),
    ...(typeof usage?.total_tokens === "number" && { transcriptionTokens: usage.total_tokens }),
  };
  return Object.keys(counts).length > 0 ? { text, usage: counts } : { text };
}
