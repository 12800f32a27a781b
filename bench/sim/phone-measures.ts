import type { SpeechSpan } from "./speech-meter.ts";

/** What happened on the line, as it happens; times in ms since the socket opened. */
export type PhoneEvent =
  | { readonly type: "first-audio"; readonly atMs: number }
  | { readonly type: "agent-began"; readonly atMs: number }
  | { readonly type: "agent-ended"; readonly span: SpeechSpan }
  | { readonly type: "caller-began"; readonly atMs: number; readonly label: string; readonly bargeIn: boolean }
  | { readonly type: "caller-ended"; readonly span: SpeechSpan; readonly label: string }
  | { readonly type: "key"; readonly atMs: number; readonly digit: string }
  | { readonly type: "clear"; readonly atMs: number; readonly droppedMs: number }
  | { readonly type: "underrun"; readonly atMs: number; readonly gapMs: number }
  | { readonly type: "fault"; readonly atMs: number; readonly text: string };

/** The caller spoke over the agent. */
export interface BargeIn {
  /** First sound of the caller. */
  readonly onsetMs: number;
  /** First `clear` after it. */
  clearedMs: number | undefined;
  /** When the agent fell silent, undefined when he did not. */
  silentMs: number | undefined;
}

/** What the phone found out about a call. */
export interface PhoneMeasures {
  /** Socket open to the first audio message. */
  readonly firstAudioMs: number | undefined;
  /** Socket open to the first sound heard. */
  readonly firstSpeechMs: number | undefined;
  readonly agentSpeech: readonly SpeechSpan[];
  readonly callerSpeech: readonly (SpeechSpan & { readonly label: string })[];
  readonly keys: readonly { readonly atMs: number; readonly digit: string }[];
  readonly bargeIns: readonly Readonly<BargeIn>[];
  readonly underruns: readonly { readonly atMs: number; readonly gapMs: number }[];
  readonly maxBufferedMs: number;
  readonly messages: { readonly media: number; readonly mark: number; readonly clear: number };
  readonly marks: { readonly played: number; readonly flushed: number };
  readonly faultCount: number;
  readonly faults: readonly string[];
}
