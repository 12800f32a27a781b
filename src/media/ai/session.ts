import type { AudioFormat } from "../../codecs/format.ts";

/** What an AI session can do. */
export interface AiCapabilities {
  /** `real`: the model is told what was heard; `ignored`/`none`: it cannot be. */
  readonly truncation: "real" | "ignored" | "none";
  /** Sends `turn-ended` on its own ears' judgement (server VAD). Otherwise the local endpointing decides. */
  readonly endsTurns: boolean;
  /** Speaks an exact text given by `say` (own text-to-speech); otherwise the text is an instruction to the model. */
  readonly exactSpeech: boolean;
  /** Recognises words of the caller at all (false: keys only). */
  readonly ears: boolean;
}

/** Why a reply is asked for. */
export type RespondReason =
  | "greeting"
  | "caller-turn"
  | "say"
  | "nudge"
  | "duration-warning"
  | "goodbye"
  /** The text added to the history just before tells what to speak about. */
  | "instruction"
  | "tool-result";

/** Orders to an AI session. They never fail by throwing; trouble comes back as an `error` event. */
export type AiOrder =
  /** The caller began to speak (local VAD); audio up to 500 ms before is wanted by whole-utterance recognisers. */
  | { readonly type: "caller-speech-started" }
  /** The caller's turn is over: the audio pushed since the last commit is one utterance. */
  | { readonly type: "commit-turn" }
  /** What the caller said since `caller-speech-started` was no turn (a backchannel, noise): forget its audio. */
  | { readonly type: "discard-turn" }
  /** Asks for a reply. At most one is in flight; the session queues the next behind its terminal event. */
  | { readonly type: "respond"; readonly reason: RespondReason }
  /** Speak this text now (greeting, operator's words, warning). */
  | { readonly type: "say"; readonly text: string; readonly reason: RespondReason }
  /** Stop generating whatever is in flight, and forget queued replies. No harm when nothing is. */
  | { readonly type: "cancel-response" }
  /** Tell the model how much of an item was heard; `heardText` is the estimate for histories kept as text. */
  | {
      readonly type: "truncate";
      readonly itemId: string;
      readonly heardMs: number;
      readonly receivedMs: number;
      readonly heardText: string;
    }
  /** An item was heard to its end (so text histories may keep all of it). */
  | { readonly type: "heard"; readonly itemId: string; readonly heardText: string }
  /** Put a text into the history without asking for a reply (keys pressed, what was heard after a resume). */
  | { readonly type: "add-text"; readonly role: "agent" | "caller" | "system"; readonly text: string }
  /** The answer to a tool call; each call gets exactly one. The session asks for the follow-up reply itself. */
  | {
      readonly type: "tool-result";
      readonly toolCallId: string;
      readonly output: string;
      /** False when the caller's next turn shall use it (barge-in during the tool) or the call ends. */
      readonly respond: boolean;
    };

/** A word with its place in its item's audio. */
export interface TimedWord {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
}

export type AiErrorKind =
  | "connect-failed"
  | "socket-closed"
  | "session-expired"
  | "rejected"
  | "rate-limited"
  | "timeout"
  | "protocol"
  | "provider"
  | "format-mismatch"
  | "overflow";

/** Token, character and second counts as the provider told them; names are ours, absent ones are 0. */
export interface AiUsage {
  readonly inputTextTokens: number;
  readonly inputAudioTokens: number;
  readonly inputCachedTokens: number;
  readonly outputTextTokens: number;
  readonly outputAudioTokens: number;
  readonly transcriptionTokens: number;
  readonly transcriptionSeconds: number;
  readonly speechCharacters: number;
}

/** News from an AI session, other than audio. */
export type AiEvent =
  /** Configured and confirmed: caller audio may flow, replies may be asked for. Comes again after a reconnect. */
  | { readonly type: "ready" }
  /** The provider's own ears. */
  | { readonly type: "turn-started" }
  | { readonly type: "turn-ended" }
  | { readonly type: "response-started"; readonly responseId: string; readonly reason: RespondReason }
  /** Words of an item, in order; `words` has their times where the voice is ours. */
  | {
      readonly type: "agent-text";
      readonly responseId: string;
      readonly itemId: string;
      readonly delta: string;
      readonly words?: readonly TimedWord[];
    }
  /** No more audio will come for this item. */
  | { readonly type: "item-done"; readonly responseId: string; readonly itemId: string }
  | {
      readonly type: "response-done";
      readonly responseId: string;
      readonly status: "completed" | "cancelled" | "failed" | "incomplete";
      /** True when a tool result of this reply will bring another one. */
      readonly toolsPending: boolean;
    }
  /** What the caller said; `final: false` replaces the earlier partial of the same `itemId`. Empty text: heard noise. */
  | { readonly type: "caller-transcript"; readonly itemId: string; readonly text: string; readonly final: boolean }
  | {
      readonly type: "tool-call";
      readonly toolCallId: string;
      readonly responseId: string;
      readonly name: string;
      readonly argumentsJson: string;
    }
  /** The model or script wants the call to end once what it said was played. */
  | { readonly type: "hang-up" }
  | { readonly type: "usage"; readonly usage: Partial<AiUsage> }
  /** `fatal`: the session is over and will not come back; otherwise it goes on (or is reconnecting). */
  | { readonly type: "error"; readonly kind: AiErrorKind; readonly message: string; readonly fatal: boolean }
  /** Message types we do not know; counted. */
  | { readonly type: "ignored"; readonly name: string };

/** Where an AI session reports to. Audio has a door of its own, so the hot path makes no object. */
export interface AiSink {
  event(event: AiEvent): void;
  /** Agent audio in `AiSession.outbound`, any length; the view is valid only during the call. */
  agentAudio(responseId: string, itemId: string, audio: Uint8Array): void;
}

/** One conversation with an AI, whatever stands behind it. Lives as long as the call; reconnects by itself. */
export interface AiSession {
  readonly capabilities: AiCapabilities;
  /** What it wants to hear. */
  readonly inbound: AudioFormat;
  /** What it speaks. */
  readonly outbound: AudioFormat;
  /** Begins to connect. Caller audio pushed before `ready` is kept (at most 5 s, oldest dropped and counted). */
  start(): void;
  /** One 20 ms frame of caller audio in `inbound`; the view is valid only during the call. */
  pushCallerAudio(frame: Uint8Array): void;
  order(order: AiOrder): void;
  /** How many keys the caller's answer by keys has, as things stand; undefined, or no such door: it cannot tell. */
  keysExpected?(): number | undefined;
  /** Frees sockets, timers, requests. Twice is fine; nothing is reported after. */
  close(): void;
}

/** A tool as the model sees it. */
export interface ToolDeclaration {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments object. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** How the caller's turns end and how the agent yields; defaults in `talk/turn-options.ts`. */
export interface AiSessionOptions {
  readonly callId: string;
  readonly model: string | undefined;
  readonly voice: string | undefined;
  readonly language: string;
  readonly instructions: string;
  readonly tools: readonly ToolDeclaration[];
  /** Those the tool `transfer_call` puts callers through to, for scripts. */
  readonly transferNames?: readonly string[];
  /** Number the caller came from and the one dialled; for scripts and webhooks. */
  readonly from: string;
  readonly to: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** What the leg speaks; a provider that can takes it, so that bytes pass through. */
  readonly legFormat: AudioFormat;
  /** `provider`: let its own ears end turns where it has some. */
  readonly turnDetection: "local" | "provider";
  readonly apiKey: string | undefined;
  readonly baseUrl: string | undefined;
  /** The customer's endpoint in the LLM's place (chat-webhook). */
  readonly webhook: { readonly url: string; readonly secret: string } | undefined;
}
