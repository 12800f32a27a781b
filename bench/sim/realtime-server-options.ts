import type { SimVoice } from "./realtime-server-audio.ts";

/** An item of a simulated conversation, as a script or an assertion wants to read it. */
export interface SimItem {
  readonly id: string;
  readonly type: "message" | "function_call" | "function_call_output";
  readonly role: "system" | "user" | "assistant" | undefined;
  /** Text, or the transcript of audio; "" once a truncation removed it. */
  text: string;
  /** Length of spoken audio generated (assistant) or committed (user); 0 for text. */
  audioMs: number;
  readonly callId: string;
  readonly name: string;
  /** Arguments of a call, or the output of one. */
  payload: string;
  status: "in_progress" | "completed" | "incomplete";
}

/** What the simulated model answers. */
export interface SimReply {
  /** Spoken words; their audio takes 60 ms a character unless `audioMs` says otherwise. */
  readonly text?: string;
  readonly audioMs?: number;
  readonly toolCalls?: readonly { readonly name: string; readonly arguments: unknown }[];
  /** Ends the response so instead of `completed`. */
  readonly failWith?: string;
}

/** Things that go wrong, each on its own. Counts are of server events sent in the session, audio deltas included. */
export interface SimFaults {
  /** Ends the socket, with a close frame of that code (1006: without one). */
  readonly dropSocket?: {
    readonly code: 1001 | 1006 | 1008 | 1011;
    readonly afterServerEvents?: number;
    readonly afterMs?: number;
  };
  /** Sends an `error` event. */
  readonly errorEvent?: { readonly code: string; readonly afterServerEvents: number };
  /** `response.cancel` silences the response, but no `response.done` comes. */
  readonly noDoneAfterCancel?: boolean;
  /** So many audio deltas are still sent after a cancel. */
  readonly lateDeltasAfterCancel?: number;
  /** The first `response.create` is refused as if another response were active. */
  readonly refuseFirstCreate?: boolean;
  /** `error` `session_expired`, then close 1001. */
  readonly expireAfterMs?: number;
  /** `session.updated` announces these formats instead of the ones asked for. */
  readonly announceFormat?: string;
  /** Unreadable messages right after `session.updated`. */
  readonly garbage?: boolean;
  /** A message of this size right after `session.updated`. */
  readonly hugeMessageBytes?: number;
  readonly sessionUpdatedDelayMs?: number;
  /** Truncations are carried out, but not acknowledged. */
  readonly noTruncateAck?: boolean;
}

export interface RealtimeServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** What is spoken and insisted on; beta wants its header too. */
  readonly dialect: "ga" | "beta";
  /** The Bearer key to insist on; undefined: any. */
  readonly apiKey: string | undefined;
  /** `turn` counts the replies of the session from 0; `history` is the conversation so far. "Say exactly" is obeyed without asking. */
  readonly replies: (turn: number, history: readonly SimItem[]) => SimReply;
  /** What the caller is heard to say in each committed turn, from 0; undefined: the transcription fails. */
  readonly transcripts: (turn: number) => string | undefined;
  /** From the commit to the whole transcript; its words come one by one on the way. */
  readonly transcriptDelayMs: number;
  /** Each piece repeats the text so far, as some compatible servers do. */
  readonly cumulativeTranscripts: boolean;
  readonly voice: SimVoice;
  /** From `response.create` to the first audio delta. */
  readonly firstAudioDelayMs: number;
  /** Audio in each delta. */
  readonly deltaMs: number;
  /** How fast audio is generated: 1 at the speed of speech, Infinity at once. */
  readonly realTimeFactor: number;
  /** Life of a session as announced in `expires_at`. */
  readonly sessionLifeMs: number;
  /** Caller audio kept per session for `callerAudio()`. */
  readonly maxKeptAudioBytes: number;
  readonly faults: (sessionIndex: number) => SimFaults;
  /** Each piece of caller audio as it arrives, monotonic ms. */
  readonly onCallerAudio: (session: SimSessionView, payload: Uint8Array, receivedAt: number) => void;
  /** Each piece of agent audio as it leaves, monotonic ms. */
  readonly onAgentAudio: (session: SimSessionView, payload: Uint8Array, sentAt: number) => void;
}

/** A client event as it arrived. */
export interface ReceivedEvent {
  /** Monotonic ms. */
  readonly receivedAt: number;
  readonly event: Readonly<Record<string, unknown>>;
}

export interface SimTruncation {
  readonly itemId: string;
  readonly audioEndMs: number;
  /** Length of the item's audio before. */
  readonly audioMs: number;
  /** What the item said before its transcript was removed. */
  readonly text: string;
}

/** One append of caller audio. */
export interface AudioArrival {
  /** Monotonic ms. */
  readonly receivedAt: number;
  readonly sizeBytes: number;
}

/** What a test or bench may look at of one session. */
export interface SimSessionView {
  readonly index: number;
  readonly model: string;
  /** The session as configured so far. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Everything received but audio, in order. Bounded. */
  readonly received: readonly ReceivedEvent[];
  /** Types of everything sent but audio deltas, in order. Bounded. */
  readonly sent: readonly string[];
  /** Errors sent, by code, in order. */
  readonly errors: readonly string[];
  readonly conversation: readonly SimItem[];
  readonly truncations: readonly SimTruncation[];
  readonly commits: number;
  readonly clears: number;
  /** Audio received since the session began. */
  readonly callerAudioBytes: number;
  /** When each append arrived (monotonic ms) and how long it was. Bounded. */
  readonly callerAudioArrivals: readonly AudioArrival[];
  /** The audio received, up to `maxKeptAudioBytes`. */
  callerAudio(): Uint8Array;
  /** Close code once the socket is gone. */
  readonly closedWith: number | undefined;
}

export const defaultRealtimeServerOptions = {
  host: "127.0.0.1",
  port: 0,
  dialect: "ga",
  apiKey: undefined,
  replies: (turn) => ({ text: `This is reply number ${turn + 1}.` }),
  transcripts: (turn) => `caller turn ${turn + 1}`,
  transcriptDelayMs: 60,
  cumulativeTranscripts: false,
  voice: { type: "voice" },
  firstAudioDelayMs: 0,
  deltaMs: 200,
  realTimeFactor: 10,
  sessionLifeMs: 60 * 60_000,
  maxKeptAudioBytes: 8 * 1024 * 1024,
  faults: () => ({}),
  onCallerAudio: () => {},
  onAgentAudio: () => {},
} as const satisfies RealtimeServerOptions;
