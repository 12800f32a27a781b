import type { ClauseSplitter } from "../clauses.ts";
import type { RespondReason } from "../session.ts";

/** A reply that was asked for: a question to the mind, or a text to be spoken as it stands. */
export interface WantedReply {
  readonly reason: RespondReason;
  readonly text?: string;
  /** Spoken, but not part of what the model is told it said (the filler). */
  readonly aside?: boolean;
}

/** The one reply in flight. */
export interface Reply {
  readonly responseId: string;
  readonly wanted: WantedReply;
  readonly splitter: ClauseSplitter;
  /** Number of the question; undefined when the mind has not been asked. */
  question: number | undefined;
  askedAt: number;
  firstPieceSeen: boolean;
  /** No more text will come. */
  textDone: boolean;
  /** Undefined until the first clause. */
  itemId: string | undefined;
  chars: number;
  toolCalls: number;
  /** The question told the mind tool results it had not seen. */
  tookResults: boolean;
  hangUp: boolean;
  /** Some audio came out. */
  audible: boolean;
  status: "completed" | "failed" | "incomplete";
  fallbackSpoken: boolean;
  voiceFailed: boolean;
  speechCharacters: number;
}

/** Replies asked by these reasons are answered out loud when they fail. */
export function fallbackFor(
  reason: RespondReason,
  texts: { readonly fallback: string; readonly greetingFallback: string },
): string {
  if (reason === "greeting") return texts.greetingFallback;
  return reason === "caller-turn" || reason === "tool-result" ? texts.fallback : "";
}
