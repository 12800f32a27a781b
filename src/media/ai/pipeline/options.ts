/** How a pipeline behaves; lengths of time in ms, lengths of text in characters. */
export interface PipelineOptions {
  /** Audio from before the caller's onset that belongs to the utterance. */
  readonly preRollMs: number;
  /** Longest utterance; of a longer one the end is kept. */
  readonly maxUtteranceMs: number;
  readonly transcribeTimeoutMs: number;
  /** From the question to the mind's first piece. */
  readonly firstPieceTimeoutMs: number;
  /** From the question to the answer's end. */
  readonly answerTimeoutMs: number;
  /** Longest wait for the (next) piece of speech. */
  readonly speechTimeoutMs: number;
  /** Longest audio of one clause; more is a broken voice. */
  readonly maxClauseAudioMs: number;
  /** Silence after the caller's turn until the filler is spoken, once a turn. */
  readonly fillerAfterMs: number;
  /** "" for none. */
  readonly filler: string;
  /** Spoken once when an answer fails; "" for none. */
  readonly fallback: string;
  /** Spoken when the greeting fails. */
  readonly greetingFallback: string;
  /** Failures of one part in a row that end the session. */
  readonly maxFailures: number;
  readonly maxQueuedReplies: number;
  /** Answers to tool results in a row; the last one gets no tools, so that it must speak. */
  readonly maxToolRounds: number;
  readonly maxToolCallsPerReply: number;
  readonly maxReplyChars: number;
  readonly maxHistoryEntries: number;
  readonly maxHistoryChars: number;
}

export const defaultPipelineOptions = {
  preRollMs: 500,
  maxUtteranceMs: 60_000,
  transcribeTimeoutMs: 15_000,
  firstPieceTimeoutMs: 12_000,
  answerTimeoutMs: 60_000,
  speechTimeoutMs: 10_000,
  maxClauseAudioMs: 60_000,
  fillerAfterMs: 2_000,
  filler: "One moment.",
  fallback: "Sorry, something went wrong on my side. Could you say that again?",
  greetingFallback: "Hello. How can I help you?",
  maxFailures: 3,
  maxQueuedReplies: 8,
  maxToolRounds: 8,
  maxToolCallsPerReply: 16,
  maxReplyChars: 8_000,
  maxHistoryEntries: 400,
  maxHistoryChars: 120_000,
} as const satisfies PipelineOptions;
