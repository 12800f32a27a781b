import type { RealtimeDialect } from "./openai-realtime-dialect.ts";
import type { AiSessionOptions } from "./session.ts";

/** What an OpenAI Realtime session needs beyond what every AI session gets. */
export interface OpenAiRealtimeOptions extends AiSessionOptions {
  /** Model that writes down what the caller says; "" for none (then there are no caller transcripts). */
  readonly transcriptionModel: string;
  /** What is written to the server; both dialects are read. GA when not said. */
  readonly dialect?: RealtimeDialect;
  /** What is done with an item that arrived but was not heard at all: cut to 0 ms, or deleted. */
  readonly unheardItem?: "truncate" | "delete";
  /** Lengths of time and bounds that differ from `defaultRealtimeTuning`; for tests and slow compatible servers. */
  readonly tuning?: Partial<RealtimeTuning>;
}

/** Lengths of time and bounds of a session. */
export interface RealtimeTuning {
  /** From the wish to connect to an open socket. */
  readonly connectTimeoutMs: number;
  /** From `session.update` to `session.updated`. */
  readonly configTimeoutMs: number;
  /** From `response.create` to `response.created`. */
  readonly createTimeoutMs: number;
  /** From `response.cancel` to `response.done`; some compatible servers never send it. */
  readonly cancelTimeoutMs: number;
  /** A response without any event for this long is given up. */
  readonly responseIdleMs: number;
  /** From `conversation.item.truncate` to its acknowledgement. */
  readonly truncateTimeoutMs: number;
  /** Wait before a `response.create` refused for an active response is sent again, unless that response ends before. */
  readonly refusedRetryMs: number;
  /** Times one reply is asked for before it is given up. */
  readonly maxCreateAttempts: number;
  /** Replies waiting behind the one in flight. */
  readonly maxQueuedReplies: number;
  /** Caller audio kept while there is no session to send it to. */
  readonly keepCallerAudioMs: number;
  /** Caller audio sent again after the server's buffer was cleared. */
  readonly preRollMs: number;
  /** Without turn detection, the server's buffer is cleared after this long without caller speech. */
  readonly idleClearMs: number;
  /** Longest uncommitted turn; then the server's buffer is cleared whatever it holds. */
  readonly maxTurnMs: number;
  /** Shorter commits are refused by the server. */
  readonly minCommitMs: number;
  /** First wait before a new socket; doubles each time. */
  readonly reconnectFirstMs: number;
  readonly reconnectMaxMs: number;
  /** Sockets tried in a row before the session is over. */
  readonly maxReconnects: number;
  /** A session that lasted this long proves the server well, and the count starts over. */
  readonly stableAfterMs: number;
  /** A session is renewed in a silence from this long before it expires. */
  readonly renewBeforeExpiryMs: number;
  /** Age at which a session is renewed when the server names no expiry, or a later one. */
  readonly maxAgeMs: number;
  /** Silence on both sides that is long enough for a renewal. */
  readonly renewQuietMs: number;
  /** Utterances, notes and tool calls kept to restore a session, and their characters in all. */
  readonly maxHistoryEntries: number;
  readonly maxHistoryCharacters: number;
}

export const defaultRealtimeTuning = {
  connectTimeoutMs: 10_000,
  configTimeoutMs: 10_000,
  createTimeoutMs: 8_000,
  cancelTimeoutMs: 2_000,
  responseIdleMs: 30_000,
  truncateTimeoutMs: 2_000,
  refusedRetryMs: 500,
  maxCreateAttempts: 5,
  maxQueuedReplies: 16,
  keepCallerAudioMs: 5_000,
  preRollMs: 500,
  idleClearMs: 15_000,
  maxTurnMs: 300_000,
  minCommitMs: 100,
  reconnectFirstMs: 250,
  reconnectMaxMs: 4_000,
  maxReconnects: 5,
  stableAfterMs: 10_000,
  renewBeforeExpiryMs: 120_000,
  maxAgeMs: 55 * 60_000,
  renewQuietMs: 1_000,
  maxHistoryEntries: 200,
  maxHistoryCharacters: 24_000,
} as const satisfies RealtimeTuning;
