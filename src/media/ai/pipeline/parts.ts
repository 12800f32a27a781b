/** The three replaceable parts of a pipeline session: ears (speech to text), mind (text to text), voice (text to speech). */
import type { AudioFormat } from "../../../codecs/format.ts";
import type { AiErrorKind, AiUsage, RespondReason, TimedWord, ToolDeclaration } from "../session.ts";

/** What a part throws when it knows what went wrong; anything else thrown counts as `provider`. The message holds no spoken words. */
export class PartFailure extends Error {
  readonly kind: AiErrorKind;

  constructor(kind: AiErrorKind, message: string) {
    super(message);
    this.name = "PartFailure";
    this.kind = kind;
  }
}

/** What the next utterance probably is: one of a menu's phrases, or spoken digits. */
export type EarsHint = { readonly grammar: readonly string[] } | { readonly digits: true };

/** What the ears may know about an utterance. */
export interface EarsContext {
  readonly hint?: EarsHint;
  /** Aborts when nobody wants the words any more (the call ended). */
  readonly signal: AbortSignal;
}

/** What was understood of one utterance; "" is nothing. */
export interface Transcription {
  readonly text: string;
  readonly usage?: Partial<AiUsage>;
}

/** Ears: recognise whole utterances, cut by our own voice activity detection. */
export interface Ears {
  /** What `transcribe` wants to get; constant-rate encodings only. */
  readonly inbound: AudioFormat;
  /** True when there is nobody to recognise words (keys only): `transcribe` is then never called. */
  readonly deaf?: boolean;
  /** Recognises one utterance; two may be under way at once; rejects on failure or abort. The bytes stay untouched until it settles. */
  transcribe(utterance: Uint8Array, context: EarsContext): Promise<Transcription>;
  /** Ends what is under way and frees everything. Twice is fine. */
  close(): void;
}

/** One entry of the conversation so far, in order; agent texts hold only what the caller heard. */
export type HistoryEntry =
  | { readonly role: "caller"; readonly text: string }
  | { readonly role: "agent"; readonly text: string }
  | { readonly role: "system"; readonly text: string }
  /** A tool call together with its one result, interrupted ones too (`output` then says so). Calls of one reply share its id. */
  | {
      readonly role: "tool";
      readonly responseId: string;
      readonly toolCallId: string;
      readonly name: string;
      readonly argumentsJson: string;
      readonly output: string;
    };

/** The call the mind speaks in; for scripts and webhooks. */
export interface CallFacts {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** One question to the mind. */
export interface MindRequest {
  /** Instructions are not part of it. */
  readonly history: readonly HistoryEntry[];
  readonly reason: RespondReason;
  readonly instructions: string;
  readonly tools: readonly ToolDeclaration[];
  readonly model: string | undefined;
  /** BCP 47 tag of the conversation. */
  readonly language: string;
  readonly call: CallFacts;
}

/** A piece of an answer, in order. The iteration's end is the answer's end; a throw is a failure. */
export type MindPiece =
  | { readonly type: "text"; readonly delta: string }
  | {
      readonly type: "tool-call";
      readonly toolCallId: string;
      readonly name: string;
      readonly argumentsJson: string;
    }
  /** End the call once what was said was played. */
  | { readonly type: "hang-up" }
  | { readonly type: "usage"; readonly usage: Partial<AiUsage> };

/** Mind: answers a history with a stream of pieces. */
export interface Mind {
  respond(request: MindRequest, signal: AbortSignal): AsyncIterable<MindPiece>;
  /** What the mind expects to hear next, asked when an utterance is handed to the ears. */
  hint?(): EarsHint | undefined;
  /** How many keys an answer by keys has now, asked at each key; undefined: any number. */
  keysExpected?(): number | undefined;
  /** True: also asked when an utterance was not understood; the history then ends with a caller entry of empty text. */
  readonly answersUnclear?: boolean;
  close(): void;
}

/** A piece of speech. */
export interface SpeechPiece {
  /** Any length; stays untouched after it was yielded. */
  readonly audio: Uint8Array;
  /**
   * Words that begin in this piece; times count from the start of the text given to `speak`. A voice that knows word
   * times gives them (or an empty list) from the first piece on; otherwise the pipeline spreads the words itself.
   */
  readonly words?: readonly TimedWord[];
}

/** Voice: text to PCM, one clause at a time. */
export interface Voice {
  /** What `speak` yields; constant-rate encodings only. */
  readonly outbound: AudioFormat;
  /** Speaks one clause; throws on failure or abort. Two may be under way at once; the pipeline keeps their order. */
  speak(text: string, signal: AbortSignal): AsyncIterable<SpeechPiece>;
  close(): void;
}

/** The parts of one call. Each call owns its parts and closes them. */
export interface PipelineParts {
  readonly ears: Ears;
  readonly mind: Mind;
  readonly voice: Voice;
}
