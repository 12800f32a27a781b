import { setImmediate as nextTurn } from "node:timers/promises";
import { type AudioFormat, bytesPerMs, l16at16k } from "../../../codecs/format.ts";
import { Transcoder } from "../../../codecs/transcoder.ts";
import type { Ears, EarsContext, Transcription } from "../pipeline/parts.ts";
import type { PocketSphinx } from "./pocketsphinx.ts";

/** Longest utterance that is decoded; what comes after is not understood. */
export const maxUtteranceMs = 30_000;
/** Shorter sounds are no words. */
export const minUtteranceMs = 150;
/** Silence before and after an utterance, from which the recogniser learns the line's noise floor. */
const paddingMs = 300;

/** Converted without a break; longer utterances let audio of other calls pass in between. */
const sliceMs = 1_000;

/** Constant-rate audio of a call as the recogniser wants it: 16-bit at 16 kHz with silence at both ends. */
export async function prepareUtterance(utterance: Uint8Array, format: AudioFormat): Promise<Uint8Array> {
  const kept = utterance.subarray(0, maxUtteranceMs * bytesPerMs(format));
  const padding = paddingMs * bytesPerMs(l16at16k);
  const length = Math.floor(kept.length / bytesPerMs(format)) * bytesPerMs(l16at16k);
  const prepared = new Uint8Array(2 * padding + length);
  const transcoder = new Transcoder(format, l16at16k);
  const sliceBytes = sliceMs * bytesPerMs(format);
  let at = padding;
  for (let start = 0; start < kept.length; start += sliceBytes) {
    if (start > 0) await nextTurn();
    const slice = transcoder.convert(kept.subarray(start, start + sliceBytes));
    prepared.set(slice.subarray(0, padding + length - at), at);
    at = Math.min(padding + length, at + slice.length);
  }
  return prepared;
}

/** A call's ears over PocketSphinx: English, whole utterances; telephone encodings are taken as they are. */
export function createPocketSphinxEars(recogniser: PocketSphinx, legFormat: AudioFormat): Ears {
  const inbound = legFormat.encoding === "pcmu" || legFormat.encoding === "pcma" ? legFormat : l16at16k;
  const closing = new AbortController();
  return {
    inbound,
    async transcribe(utterance: Uint8Array, { hint, signal }: EarsContext): Promise<Transcription> {
      const either = AbortSignal.any([signal, closing.signal]);
      either.throwIfAborted();
      if (utterance.length < minUtteranceMs * bytesPerMs(inbound)) return { text: "" };
      return { text: await recogniser.recognise(await prepareUtterance(utterance, inbound), hint, either) };
    },
    close: () => closing.abort(),
  };
}

/** Ears of a call in which only keys are understood. */
export function createDeafEars(legFormat: AudioFormat): Ears {
  const inbound = legFormat.encoding === "opus" ? l16at16k : legFormat;
  return { inbound, deaf: true, transcribe: () => Promise.resolve({ text: "" }), close: () => undefined };
}
