import type { AudioFormat } from "../../../codecs/format.ts";
import type { AiErrorKind, AiEvent, AiOrder, AiUsage } from "../session.ts";
import type { MindPiece, MindRequest, SpeechPiece } from "./parts.ts";

/** What the core must know of the call and its parts. */
export interface PipelineSetup {
  readonly inbound: AudioFormat;
  readonly outbound: AudioFormat;
  readonly deaf: boolean;
  readonly answersUnclear: boolean;
  readonly request: Omit<MindRequest, "history" | "reason">;
}

/** What comes in to the pipeline's core. Results of work that was called off are dropped by their number. */
export type PipelineInput =
  | { readonly type: "start" }
  | { readonly type: "order"; readonly order: AiOrder }
  | {
      readonly type: "transcribed";
      readonly utterance: number;
      readonly text: string;
      readonly usage: Partial<AiUsage> | undefined;
    }
  | { readonly type: "mind-piece"; readonly question: number; readonly piece: MindPiece }
  | { readonly type: "mind-done"; readonly question: number }
  | { readonly type: "speech-piece"; readonly speech: number; readonly piece: SpeechPiece }
  | { readonly type: "speech-done"; readonly speech: number }
  /** A part threw. */
  | {
      readonly type: "failed";
      readonly part: PartName;
      readonly number: number;
      readonly kind: AiErrorKind;
      readonly message: string;
    };

/** Which of the three parts. */
export type PartName = "ears" | "mind" | "voice";

/** What the shell has to do. Each piece of work has a number of its own. */
export type PipelineOrder =
  | { readonly type: "transcribe"; readonly utterance: number; readonly audio: Uint8Array }
  | { readonly type: "ask-mind"; readonly question: number; readonly request: MindRequest }
  | { readonly type: "speak"; readonly speech: number; readonly text: string }
  | { readonly type: "abort"; readonly part: PartName; readonly number: number }
  | { readonly type: "event"; readonly event: AiEvent }
  | {
      readonly type: "agent-audio";
      readonly responseId: string;
      readonly itemId: string;
      readonly audio: Uint8Array;
    };
